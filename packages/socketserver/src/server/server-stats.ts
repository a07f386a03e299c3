import type { WorkerStats } from '../workers/worker-stats.ts';

/** What a server has done so far, over all its workers: `server.stats()`. */
export interface ServerStats {
  /** Requests that were taken. At all times `accepted = served + failed + refused + active`. */
  readonly accepted: number;
  /** Requests that have not ended, those that wait for a worker included. */
  readonly active: number;
  /** Requests that wait for a worker. */
  readonly waiting: number;
  /** Requests that ended without an error. */
  readonly served: number;
  /** Requests whose handlers threw, or whose workers were lost. */
  readonly failed: number;
  /** Requests that were turned away before a handler: by `verifyRequest`, a limit or an access list. */
  readonly refused: number;
  /** Whether `suspend()` keeps it from taking requests. */
  readonly isSuspended: boolean;
  /** Bytes that clients sent: on the connections that are closed, or in datagrams. */
  readonly bytesRead: number;
  /** Bytes that were sent to clients: on the connections that are closed, or in datagrams. */
  readonly bytesWritten: number;
  /** The threads or processes; none in the models that have none. */
  readonly workers: readonly WorkerStats[];
}

/** The figures that only grow. */
export class RequestCounts {
  accepted = 0;
  served = 0;
  failed = 0;
  refused = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /** Requests that were taken and have not ended. */
  get active(): number {
    return this.accepted - this.served - this.failed - this.refused;
  }
}
