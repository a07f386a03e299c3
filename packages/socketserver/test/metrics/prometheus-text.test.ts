import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConcurrentUDPServer,
  DurationHistogram,
  formatAddress,
  type MeasuredServer,
  prometheusContentType,
  prometheusText,
  type ServerStats,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { writeMetrics } from '../../src/metrics/text-format.ts';
import { needsModule, peer, run, systemPython } from '../interop/program.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { httpGet } from '../support/http-get.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { Obey } from '../workers/handlers/datagrams.ts';
import { StreamExchange } from '../workers/handlers/matrix.ts';

const address = ['127.0.0.1', 0] as const;

/** What Prometheus's own client made of the text. */
interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly (readonly [name: string, labels: Record<string, string>, value: number])[];
}

async function parse(text: string): Promise<ParsedFamily[]> {
  const { status, stdout, stderr } = await run([systemPython, peer('prometheus_parse.py')], { input: text });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as ParsedFamily[];
}

/** The value of the one sample with this name and these labels, among others. */
function valueOf(families: readonly ParsedFamily[], name: string, labels: Record<string, string>): number {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter(
      ([sample, has]) =>
        sample === name && Object.entries(labels).every(([label, value]) => has[label] === value),
    );
  assert.equal(found.length, 1, `${found.length} of ${name} ${JSON.stringify(labels)}`);
  return found[0]![2];
}

const nothing: ServerStats = {
  accepted: 0,
  active: 0,
  waiting: 0,
  served: 0,
  failed: 0,
  refused: 0,
  isSuspended: false,
  bytesRead: 0,
  bytesWritten: 0,
  workers: [],
};

describe('prometheusText()', needsModule('prometheus_client'), () => {
  it('is what Prometheus reads, with the figures of stats(), by way of the health listener', async () => {
    using durations = new DurationHistogram();
    const tcp = new ThreadingTCPServer(address, StreamExchange, { health: { address } });
    const udp = new ConcurrentUDPServer(address, Obey);
    tcp.handleError = () => {};
    tcp.health!.route('/metrics', () => ({
      contentType: prometheusContentType,
      body: prometheusText({ tcp, udp }, { durations }),
    }));
    await using _ = serving(tcp);
    await using __ = serving(udp);
    for (const command of ['facts', 'error']) {
      await using client = await LineClient.to(tcp, 'node');
      await client.tell(command);
      while ((await client.next()) !== '');
    }
    await using datagrams = new DatagramClient();
    await datagrams.ask('word', udp.serverAddress);
    await until(() => tcp.stats().active + udp.stats().active === 0);

    const { status, headers, body } = await httpGet(tcp.health!.address, '/metrics');
    assert.deepEqual([status, headers['content-type']], [200, prometheusContentType]);
    const families = await parse(body);
    const stats = tcp.stats();
    const requests = 'socketserver_requests';
    assert.equal(valueOf(families, `${requests}_accepted_total`, { server: 'tcp' }), 2);
    assert.equal(valueOf(families, `${requests}_ended_total`, { server: 'tcp', outcome: 'served' }), 1);
    assert.equal(valueOf(families, `${requests}_ended_total`, { server: 'tcp', outcome: 'failed' }), 1);
    assert.equal(valueOf(families, `${requests}_ended_total`, { server: 'tcp', outcome: 'refused' }), 0);
    assert.equal(valueOf(families, `${requests}_active`, { server: 'tcp' }), 0);
    assert.equal(valueOf(families, 'socketserver_received_bytes_total', { server: 'udp' }), 4);
    assert.equal(valueOf(families, 'socketserver_datagrams_dropped_total', { server: 'udp' }), 0);
    const [worker] = stats.workers;
    const whose = { server: 'tcp', kind: 'thread', worker: String(worker!.id) };
    assert.equal(valueOf(families, 'socketserver_worker_requests_ended_total', whose), 2);
    assert.equal(valueOf(families, 'socketserver_worker_heap_bytes', whose), worker!.heapBytes);
    assert.equal(valueOf(families, 'socketserver_workers', { server: 'tcp', state: 'ready' }), 1);
    const duration = 'socketserver_request_duration_seconds';
    assert.equal(valueOf(families, `${duration}_count`, { server: 'tcp', outcome: 'failed' }), 1);
    assert.equal(
      valueOf(families, `${duration}_bucket`, { server: 'udp', outcome: 'served', le: '+Inf' }),
      1,
    );
  });

  it('names metrics by the conventions', async () => {
    using durations = new DurationHistogram();
    const server: MeasuredServer = { serverAddress: ['127.0.0.1', 1], engine: 'node', stats: () => nothing };
    const families = await parse(prometheusText({ server }, { durations }));
    assert.ok(families.length > 5);
    for (const { name, type, help, samples } of families) {
      assert.match(name, /^socketserver_[a-z_]+$/);
      assert.match(help, /^[A-Z].*\.$/, name);
      assert.notEqual(type, 'unknown', name);
      // Prometheus's client takes the suffix of counters for no part of the name.
      for (const [sample] of samples) assert.equal(sample.endsWith('_total'), type === 'counter', sample);
    }
  });

  it('keeps names and paths whole, whatever is in them', async () => {
    const path = '/run/a "b" \\c\nd.sock';
    const server: MeasuredServer = { serverAddress: path, engine: 'native', stats: () => nothing };
    const name = '"quoted" \\ \n';
    const families = await parse(prometheusText({ [name]: server }));
    assert.equal(valueOf(families, 'socketserver_info', { server: name, address: formatAddress(path) }), 1);
  });

  it('puts durations into buckets that add up', async () => {
    const text = writeMetrics([
      {
        name: 'some_seconds',
        type: 'histogram',
        help: 'With a \\ and a\nline.',
        samples: [{ suffix: '_bucket', labels: { le: '+Inf' }, value: Infinity }],
      },
    ]);
    assert.equal(
      text,
      '# HELP some_seconds With a \\\\ and a\\nline.\n# TYPE some_seconds histogram\nsome_seconds_bucket{le="+Inf"} +Inf\n',
    );
    assert.throws(
      () => new DurationHistogram([0.1, 0.1]),
      /^RangeError: .* must ascend from above 0, got \[0.1, 0.1\]$/,
    );
    assert.throws(() => new DurationHistogram([]), RangeError);
  });
});
