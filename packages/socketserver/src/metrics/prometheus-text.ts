import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import type { ServerStats } from '../server/server-stats.ts';
import type { WorkerStats } from '../workers/worker-stats.ts';
import type { DurationHistogram } from './duration-histogram.ts';
import { type MetricFamily, type Sample, writeMetrics } from './text-format.ts';

/** What the exporter reads of a server; every server class has it. */
export interface MeasuredServer {
  readonly serverAddress: SocketAddress;
  readonly engine: string;
  stats(): ServerStats;
  /** Of datagram servers. */
  readonly droppedPackets?: number;
}

/** Options of {@link prometheusText}. */
export interface PrometheusOptions {
  /** How long requests take, where that is counted. Default: left out. */
  readonly durations?: DurationHistogram | undefined;
}

/** The `content-type` of what {@link prometheusText} gives. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** A server at one moment. */
interface Reading {
  /** Its name: the label `server`. */
  readonly name: string;
  readonly server: MeasuredServer;
  readonly stats: ServerStats;
}

/**
 * Writes what servers have done, `stats()`, as text that Prometheus scrapes.
 *
 * @param servers - by a name of your own, which becomes the label `server`: it should stay the same from start to start.
 * @returns every line with its end, to be sent as {@link prometheusContentType}.
 *
 * @example
 * server.health!.route('/metrics', () => ({
 *   contentType: prometheusContentType,
 *   body: prometheusText({ echo: server }),
 * }));
 */
export function prometheusText(
  servers: Readonly<Record<string, MeasuredServer>>,
  { durations }: PrometheusOptions = {},
): string {
  const readings = Object.entries(servers).map(([name, server]) => ({ name, server, stats: server.stats() }));
  return writeMetrics([
    ...requestFamilies(readings),
    ...workerFamilies(readings),
    {
      name: 'socketserver_request_duration_seconds',
      type: 'histogram',
      help: 'Time from when a request was taken until it ended, by how it ended.',
      samples: readings.flatMap(({ name, server }) => durations?.samples(server.serverAddress, name) ?? []),
    },
  ]);
}

function requestFamilies(readings: readonly Reading[]): MetricFamily[] {
  const each = (value: (reading: Reading) => number): Sample[] =>
    readings.map((reading) => ({ labels: { server: reading.name }, value: value(reading) }));
  return [
    {
      name: 'socketserver_info',
      type: 'gauge',
      help: 'Where a server listens, and the engine that moves its bytes; always 1.',
      samples: readings.map(({ name, server: { serverAddress, engine } }) => ({
        labels: { server: name, address: formatAddress(serverAddress), engine },
        value: 1,
      })),
    },
    {
      name: 'socketserver_requests_accepted_total',
      type: 'counter',
      help: 'Requests that were taken: connections, or datagrams.',
      samples: each(({ stats }) => stats.accepted),
    },
    {
      name: 'socketserver_requests_ended_total',
      type: 'counter',
      help: 'Requests that ended, by how they did.',
      samples: readings.flatMap(({ name, stats }) =>
        (['served', 'failed', 'refused'] as const).map((outcome) => ({
          labels: { server: name, outcome },
          value: stats[outcome],
        })),
      ),
    },
    {
      name: 'socketserver_requests_active',
      type: 'gauge',
      help: 'Requests that were taken and have not ended.',
      samples: each(({ stats }) => stats.active),
    },
    {
      name: 'socketserver_requests_waiting',
      type: 'gauge',
      help: 'Requests among the active ones that wait for a worker.',
      samples: each(({ stats }) => stats.waiting),
    },
    {
      name: 'socketserver_received_bytes_total',
      type: 'counter',
      help: 'Bytes that clients sent, on connections that are closed or in datagrams.',
      samples: each(({ stats }) => stats.bytesRead),
    },
    {
      name: 'socketserver_sent_bytes_total',
      type: 'counter',
      help: 'Bytes that were sent to clients, on connections that are closed or in datagrams.',
      samples: each(({ stats }) => stats.bytesWritten),
    },
    {
      name: 'socketserver_suspended',
      type: 'gauge',
      help: 'Whether suspend() keeps the server from taking requests: 1 or 0.',
      samples: each(({ stats }) => Number(stats.isSuspended)),
    },
    {
      name: 'socketserver_datagrams_dropped_total',
      type: 'counter',
      help: 'Datagrams that were dropped because too many waited.',
      samples: readings.flatMap(({ name, server: { droppedPackets: value } }) =>
        value === undefined ? [] : [{ labels: { server: name }, value }],
      ),
    },
  ];
}

const workerStates = ['starting', 'ready', 'retiring'] as const;

function workerFamilies(readings: readonly Reading[]): MetricFamily[] {
  const each = (value: (worker: WorkerStats) => number): Sample[] =>
    readings.flatMap(({ name, stats }) =>
      stats.workers.map((worker) => ({
        labels: { server: name, kind: worker.kind, worker: String(worker.id) },
        value: value(worker),
      })),
    );
  return [
    {
      name: 'socketserver_workers',
      type: 'gauge',
      help: 'Worker threads or processes, by what they are doing.',
      samples: readings
        .filter(({ stats }) => stats.workers.length > 0)
        .flatMap(({ name, stats }) =>
          workerStates.map((state) => ({
            labels: { server: name, state },
            value: stats.workers.filter((worker) => worker.state === state).length,
          })),
        ),
    },
    {
      name: 'socketserver_worker_requests_ended_total',
      type: 'counter',
      help: 'Requests that a worker has served, failed ones included.',
      samples: each(({ served }) => served),
    },
    {
      name: 'socketserver_worker_requests_active',
      type: 'gauge',
      help: 'Requests that a worker serves.',
      samples: each(({ active }) => active),
    },
    {
      name: 'socketserver_worker_utilization_ratio',
      type: 'gauge',
      help: 'Share of time that the event loop of a worker was busy of late, 0 to 1.',
      samples: each(({ utilization }) => utilization),
    },
    {
      name: 'socketserver_worker_heap_bytes',
      type: 'gauge',
      help: 'JavaScript heap in use in a worker, as it last reported.',
      samples: each(({ heapBytes }) => heapBytes),
    },
    {
      name: 'socketserver_worker_blocked',
      type: 'gauge',
      help: 'Whether the event loop of a worker does not answer: 1 or 0.',
      samples: each(({ isBlocked }) => Number(isBlocked)),
    },
    {
      name: 'socketserver_worker_restarts',
      type: 'gauge',
      help: 'Crashes of the workers that a worker is the replacement of.',
      samples: each(({ restarts }) => restarts),
    },
  ];
}
