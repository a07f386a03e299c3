/** What `server.stats()` tells about one worker. */
export interface WorkerStats {
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly id: number;
  readonly state: 'starting' | 'ready' | 'retiring';
  /** Whether its event loop does not answer. */
  readonly isBlocked: boolean;
  /** Requests that it serves. */
  readonly active: number;
  /** Requests that it has served, with those that failed. */
  readonly served: number;
  /** Share of time that its event loop was busy, 0 to 1, of late. */
  readonly utilization: number;
  /** JavaScript heap in use, as it last reported; 0 before its first request. */
  readonly heapBytes: number;
  /** Crashes of the workers that it is the replacement of. */
  readonly restarts: number;
}
