import type { LoadResult } from './load-process.ts';

export type Transport = 'tcp' | 'tls' | 'udp' | 'unix';
export type Program = 'echo' | 'lines' | 'frames' | 'source' | 'sink' | 'burn' | 'redis';

/** What a contender must be able to serve. */
export type Task = `${Transport}:${Program}`;

/** One measured phase: what the clients saw, and what the server used meanwhile. */
export interface Sample extends LoadResult {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** The number that a workload is about. */
export interface Figure {
  readonly unit: string;
  readonly isBetter: 'less' | 'more';
  readonly of: (sample: Sample) => number;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly task: Task;
  readonly figure: Figure;
  readonly client: 'stepped' | 'tls' | 'redis';
  /** Options of the load program. */
  readonly load: readonly string[];
  /** Connections that are open at the same time and stay so; contenders that cannot hold them do not take part. */
  readonly heldConnections: number;
  /** Contender that the ratios are to. */
  readonly baseline: string;
  /** Whether each sample needs a server that has done nothing yet. */
  readonly needsFreshServer: boolean;
}

const GIB = 2 ** 30;

export const cpuPerRequest: Figure = {
  unit: 'µs CPU a request',
  isBetter: 'less',
  of: ({ cpuMicros, requests }) => cpuMicros / requests,
};

export const cpuPerGib: Figure = {
  unit: 'ms CPU a GiB',
  isBetter: 'less',
  of: ({ cpuMicros, bytes }) => cpuMicros / 1000 / (bytes / GIB),
};

export const requestsPerSecond: Figure = {
  unit: 'requests a second',
  isBetter: 'more',
  of: ({ requests, seconds }) => requests / seconds,
};

export const memoryPerConnection: Figure = {
  unit: 'bytes RSS a connection',
  isBetter: 'less',
  of: ({ rssBytes, requests }) => rssBytes / requests,
};
