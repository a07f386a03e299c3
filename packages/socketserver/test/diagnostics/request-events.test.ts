import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentTLSServer,
  ConcurrentUDPServer,
  type EventName,
  ForkingTCPServer,
  ForkingTLSServer,
  ForkingUDPServer,
  observe,
  type RequestEvent,
  type SocketServerEvents,
  TCPServer,
  ThreadingTCPServer,
  ThreadingTLSServer,
  ThreadingUDPServer,
  TLSServer,
  UDPServer,
} from '../../src/index.ts';
import { eventChannels } from '../../src/diagnostics/event-map.ts';
import { documentedEvents } from '../support/documented-events.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Obey } from '../workers/handlers/datagrams.ts';
import { StreamExchange } from '../workers/handlers/matrix.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

using authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });

const documented = documentedEvents();

type Told = { [Name in EventName]: readonly [name: Name, event: SocketServerEvents[Name]] }[EventName];

/** Writes down every event but those of the workers' starts, in order, until it is disposed of. */
class Diary implements Disposable {
  readonly told: Told[] = [];
  readonly #subscription: Disposable;

  constructor() {
    const names = Object.keys(eventChannels) as EventName[];
    this.#subscription = observe(
      Object.fromEntries(
        names
          .filter((name) => name !== 'socketserver:worker:started')
          .map((name) => [name, (event: never) => this.told.push([name, event])]),
      ),
    );
  }

  /** The events so far, by their names without what is common to all. */
  get names(): string[] {
    return this.told.map(([name]) => name.slice('socketserver:'.length));
  }

  hasAll(...names: readonly string[]): boolean {
    return names.every((name) => this.names.includes(name));
  }

  /** The one event of a name. */
  the<Name extends EventName>(name: Name): SocketServerEvents[Name] {
    const all = this.told.filter(([told]) => told === name);
    assert.equal(all.length, 1, `${all.length} of ${name}`);
    return all[0]![1] as SocketServerEvents[Name];
  }

  /** Ends it, and compares what was told with the page that documents it. */
  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    for (const [name, event] of this.told) {
      assert.deepEqual(Object.keys(event).toSorted(), documented.get(name), `the fields of ${name}`);
    }
  }
}

/** A peer may be gone before its handler, and the other way round. */
function inEitherOrder({ names }: Diary, one: string, other: string): string[] {
  return names.indexOf(one) < names.indexOf(other) ? [one, other] : [other, one];
}

/** That what an event took is a time, and then what else it tells. */
function withoutTimes(event: object): object {
  const { durationMs = 0, waitedMs = 0, ...rest }: { durationMs?: number; waitedMs?: number } = event;
  assert.ok(durationMs >= 0 && waitedMs >= 0, `${durationMs} and ${waitedMs} ms`);
  return rest;
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    const hasWorkers = /^Thr|^For/.test(Server.name);

    describe(`the events of a ${Server.name} on the ${engineName} engine`, () => {
      it('tell the life of a connection, and of the server', async () => {
        using diary = new Diary();
        const server = new Server(address, StreamExchange, { engine });
        const { serverAddress } = server;
        const loop = server.serveForever();
        const client = await LineClient.to(server, 'node');
        const clientAddress = client.socket.getsockname();
        await client.tell('echo');
        assert.equal(await client.ask('hello'), 'hello');
        const worker = server.stats().workers[0]?.id;
        client.socket.close();
        await until(() => diary.hasAll('request:ended', 'connection:closed'));
        await server.serverClose();
        await loop;

        assert.deepEqual(diary.names, [
          'server:listening',
          'request:accepted',
          ...(hasWorkers ? ['request:handed-over'] : []),
          'request:started',
          ...inEitherOrder(diary, 'request:ended', 'connection:closed'),
          'drain:begun',
          'drain:ended',
          'server:closed',
        ]);
        const whose: RequestEvent = { serverAddress, clientAddress, id: 1 };
        const bytes = { bytesRead: 'echo\nhello\n'.length, bytesWritten: 'hello\n'.length };
        assert.deepEqual(diary.the('socketserver:server:listening'), { serverAddress, engine: engineName });
        assert.deepEqual(diary.the('socketserver:request:accepted'), whose);
        assert.deepEqual(diary.the('socketserver:request:started'), whose);
        const ended = diary.the('socketserver:request:ended');
        assert.deepEqual(withoutTimes(ended), { ...whose, outcome: 'served', error: undefined, ...bytes });
        assert.ok(ended.durationMs! > 0);
        const closed = diary.the('socketserver:connection:closed');
        assert.deepEqual(withoutTimes(closed), { ...whose, ...bytes });
        assert.ok(closed.durationMs! > 0);
        if (hasWorkers) {
          const handedOver = diary.the('socketserver:request:handed-over');
          const kind = Server === ForkingTCPServer ? 'process' : 'thread';
          assert.deepEqual(withoutTimes(handedOver), { ...whose, kind, worker });
        }
        const { drainMs } = server.timeouts;
        assert.deepEqual(diary.the('socketserver:drain:begun'), { serverAddress, active: 0, drainMs });
        assert.deepEqual(withoutTimes(diary.the('socketserver:drain:ended')), { serverAddress, resets: 0 });
        assert.deepEqual(diary.the('socketserver:server:closed'), { serverAddress });
      });
    });
  }
}

for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
  it(`the events of a ${Server.name} tell how a request ended that was not served`, async () => {
    const server = new Server(address, StreamExchange, { timeouts: { firstByteMs: 500 } });
    server.handleError = () => {};
    server.verifyRequest = ({ id }) => id !== 2;
    await using _ = serving(server);
    using diary = new Diary();
    const outcomes = (): unknown[] =>
      diary.told.flatMap(([name, event]) => (name === 'socketserver:request:ended' ? [event.outcome] : []));

    await using failing = await LineClient.to(server, 'node');
    assert.equal(await failing.ask('error'), 'partial');
    await until(() => outcomes().length === 1);
    const failed = diary.the('socketserver:request:ended');
    assert.equal((failed.error as NodeJS.ErrnoException).code, 'EASKED');
    assert.deepEqual([failed.outcome, failed.bytesRead, failed.bytesWritten], ['failed', 6, 7]);

    await using unwanted = await LineClient.to(server, 'node');
    assert.equal(await unwanted.next(), '');
    await until(() => outcomes().length === 2);
    assert.equal(diary.the('socketserver:request:refused').id, 2);

    await using leaving = await LineClient.to(server, 'node');
    assert.equal(await leaving.ask('echo\nhello'), 'hello');
    leaving.socket.reset();
    await until(() => outcomes().length === 3);

    await using silent = await LineClient.to(server, 'node');
    assert.equal(await silent.next(), '');
    await until(() => outcomes().length === 4);
    const { id, phase, limitMs } = diary.the('socketserver:request:timed-out');
    assert.deepEqual({ id, phase, limitMs }, { id: 4, phase: 'first-byte', limitMs: 500 });
    assert.deepEqual(outcomes(), ['failed', 'refused', 'peer-gone', 'timed-out']);
  });
}

for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
  it(`a ${Server.name} tells of requests that were lost, and of reloads`, async () => {
    const server = new Server(address, Reckless);
    const { serverAddress } = server;
    server.handleError = () => {};
    await using _ = serving(server);
    using diary = new Diary();
    await using client = await LineClient.to(server, 'node');
    await client.tell('exit 3');
    await until(() => diary.hasAll('request:ended', 'connection:closed'));
    const { outcome, error } = diary.the('socketserver:request:ended');
    assert.equal(outcome, 'lost');
    assert.equal(error, diary.the('socketserver:worker:lost').error);
    await server.reload();
    assert.deepEqual(diary.the('socketserver:reload:begun'), { serverAddress });
    const reloaded = withoutTimes(diary.the('socketserver:reload:ended'));
    assert.deepEqual(reloaded, { serverAddress, error: undefined });
  });
}

for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer]) {
  it(`a ${Server.name} tells the life of a datagram`, async () => {
    const server = new Server(address, Obey);
    const { serverAddress } = server;
    await using _ = serving(server);
    using diary = new Diary();
    await using client = new DatagramClient();
    const answer = await client.ask('word', serverAddress);
    await until(() => diary.names.includes('request:ended'));
    const hasWorkers = /^Thr|^For/.test(Server.name);
    assert.deepEqual(diary.names, [
      'request:accepted',
      ...(hasWorkers ? ['request:handed-over'] : []),
      'request:started',
      'request:ended',
    ]);
    const whose: RequestEvent = { serverAddress, clientAddress: client.address, id: 1 };
    assert.deepEqual(withoutTimes(diary.the('socketserver:request:ended')), {
      ...whose,
      outcome: 'served',
      error: undefined,
      bytesRead: 4,
      bytesWritten: answer.length,
    });
  });
}

for (const Server of [TLSServer, ConcurrentTLSServer, ThreadingTLSServer, ForkingTLSServer]) {
  it(`a ${Server.name} tells of handshakes that are done`, async () => {
    const server = new Server(address, StreamExchange, { tls: { cert, key } });
    await using _ = serving(server);
    using diary = new Diary();
    const client = await connectTLS(server.serverAddress, { ca: authority.cert });
    client.write('facts\n');
    await until(() => diary.names.includes('request:ended'));
    const { serverAddress, protocol, resumed, authorized, durationMs } = diary.the(
      'socketserver:tls:established',
    );
    assert.deepEqual(
      { serverAddress, protocol, resumed, authorized },
      { serverAddress: server.serverAddress, protocol: 'TLSv1.3', resumed: false, authorized: false },
    );
    assert.ok(durationMs > 0);
    client.destroy();
    const { names } = diary;
    assert.ok(names.indexOf('tls:established') < names.indexOf('request:started'), String(names));
  });
}

it('who listens only later is told how a request ended, but not how long it took', async () => {
  const server = new ConcurrentTCPServer(address, StreamExchange);
  await using _ = serving(server);
  const client = await LineClient.to(server, 'node');
  await client.tell('echo');
  assert.equal(await client.ask('hello'), 'hello');
  using diary = new Diary();
  client.socket.close();
  await until(() => diary.hasAll('request:ended', 'connection:closed'));
  assert.equal(diary.the('socketserver:request:ended').durationMs, undefined);
  assert.equal(diary.the('socketserver:connection:closed').durationMs, undefined);
});

it('a drain tells of the connections that it had to reset', async () => {
  const server = new ConcurrentTCPServer(address, Reckless, { timeouts: { drainMs: 1 } });
  const loop = server.serveForever();
  await using client = await LineClient.to(server, 'node');
  assert.equal(await client.ask('here'), 'here');
  using diary = new Diary();
  server.handleError = () => {};
  await Promise.all([server.serverClose(), loop]);
  assert.equal(diary.the('socketserver:drain:begun').active, 1);
  assert.equal(diary.the('socketserver:drain:ended').resets, 1);
});
