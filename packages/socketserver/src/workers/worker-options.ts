import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import {
  aBoolean,
  anInteger,
  checkOptions,
  milliseconds,
  type OptionRule,
  type OptionRules,
} from '../options/check-options.ts';

/** A worker is a thread of this process, or a process of its own. */
export type WorkerKind = 'thread' | 'process';

/** The `workers` group: how many threads or processes run the handlers, and for how long. */
export interface WorkerOptions {
  /**
   * Workers that are kept also when nobody needs them; they start with the server's loop. Default 1. Where workers
   * have sockets of their own (UDP with `allowReusePort`) one per core is kept at least, as far as `max` allows:
   * only a worker that is there can receive.
   */
  readonly min?: number | undefined;
  /**
   * Workers at most. Those that serve several requests at once grow to one per core, and beyond only while all of them
   * are blocked or full. Default 32 for threads, the server's `maxChildren` (40) for processes.
   */
  readonly max?: number | undefined;
  /** Requests that one worker serves at once; further ones wait, in order. Default `Infinity` for threads, 1 for processes. */
  readonly requestsPerWorker?: number | undefined;
  /** Milliseconds without a request after which a worker beyond `min` ends. Default 60,000. */
  readonly idleMs?: number | undefined;
  /**
   * Milliseconds for which the event loop of a worker may not answer before it is replaced, and its requests are
   * lost. Default `Infinity`: it is only avoided.
   */
  readonly blockedMs?: number | undefined;
  /** Requests after which a worker is replaced by a fresh one. Default `Infinity`. */
  readonly maxRequests?: number | undefined;
  /** Milliseconds after which a worker is replaced by a fresh one. Default `Infinity`. */
  readonly maxAgeMs?: number | undefined;
  /** Mebibytes of JavaScript heap at which a worker is replaced by a fresh one. Default `Infinity`. */
  readonly maxHeapMb?: number | undefined;
  /** Limits of V8, beyond which it ends the worker. Processes know `maxOldGenerationSizeMb` and `maxYoungGenerationSizeMb`. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /**
   * Whether a thread that ends closes the files that it has left open, by their descriptors: not to be had together with
   * descriptors that it gives to somebody else. Default `true`, as Node's option of that name. Of threads only.
   */
  readonly trackUnmanagedFds?: boolean | undefined;
  /** The workers' `process.env`. Default: a copy of this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Options of Node for the workers. Default: this process's. */
  readonly execArgv?: readonly string[] | undefined;
}

/** The group with every default filled in. */
export interface ResolvedWorkerOptions extends Required<
  Omit<WorkerOptions, 'resourceLimits' | 'env' | 'execArgv'>
> {
  readonly kind: WorkerKind;
  readonly min: number;
  readonly max: number;
  readonly requestsPerWorker: number;
  readonly idleMs: number;
  readonly blockedMs: number;
  readonly maxRequests: number;
  readonly maxAgeMs: number;
  readonly maxHeapMb: number;
  /** Workers up to which load alone lets the pool grow. */
  readonly cores: number;
  readonly trackUnmanagedFds: boolean;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly execArgv: readonly string[] | undefined;
}

const anObject: OptionRule = {
  must: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null,
};

const listOfStrings: OptionRule = {
  must: 'a list of strings',
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};

const workerRules: OptionRules<WorkerOptions> = {
  min: anInteger(0, 1_024),
  max: anInteger(1, 1_024),
  requestsPerWorker: anInteger(1, Infinity),
  idleMs: milliseconds,
  blockedMs: milliseconds,
  maxRequests: anInteger(1, Infinity),
  maxAgeMs: milliseconds,
  maxHeapMb: anInteger(1, Infinity),
  resourceLimits: anObject,
  trackUnmanagedFds: aBoolean,
  env: anObject,
  execArgv: listOfStrings,
};

/**
 * Checks the group and fills in the defaults of its kind.
 *
 * @param defaultMax - `max` where the options have none.
 * @throws TypeError for an unknown key or a value that breaks its rule; RangeError for `min` above `max`.
 */
export function resolveWorkerOptions(
  given: WorkerOptions | undefined,
  {
    kind,
    defaultMax,
    action,
  }: { readonly kind: WorkerKind; readonly defaultMax: number; readonly action: string },
): ResolvedWorkerOptions {
  const checked = checkOptions(given, workerRules, { action, path: 'options.workers' });
  const max = checked.max ?? Math.max(defaultMax, checked.min ?? 1);
  const min = checked.min ?? 1;
  if (min > max) {
    throw new RangeError(
      `${action}: options.workers.min must be at most options.workers.max (${max}), got ${min}`,
    );
  }
  return Object.freeze({
    kind,
    min,
    max,
    requestsPerWorker: checked.requestsPerWorker ?? (kind === 'thread' ? Infinity : 1),
    idleMs: checked.idleMs ?? 60_000,
    blockedMs: checked.blockedMs ?? Infinity,
    maxRequests: checked.maxRequests ?? Infinity,
    maxAgeMs: checked.maxAgeMs ?? Infinity,
    maxHeapMb: checked.maxHeapMb ?? Infinity,
    cores: availableParallelism(),
    trackUnmanagedFds: checked.trackUnmanagedFds ?? true,
    resourceLimits: checked.resourceLimits && Object.freeze({ ...checked.resourceLimits }),
    env: checked.env && Object.freeze({ ...checked.env }),
    execArgv: checked.execArgv && Object.freeze([...checked.execArgv]),
  });
}

/** The options where workers have sockets of their own, and so cannot be started when the first request is there. */
export function withOwnSockets(options: ResolvedWorkerOptions): ResolvedWorkerOptions {
  const { min, max, cores } = options;
  return Object.freeze({ ...options, min: Math.max(min, Math.min(max, cores)) });
}
