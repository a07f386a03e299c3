import type { ClosedConnection, EndedRequest } from './messages.ts';
import type { PooledRequest } from './pooled-request.ts';
import { type ReportRing, requestEnded } from './report-ring.ts';
import type { RequestDurations } from './request-durations.ts';

/** What a worker was given and has not brought to its end. */
export class RequestsOfWorker {
  /** Requests whose handlers run, by the pool's numbers. */
  readonly running = new Map<number, PooledRequest>();
  /** Requests whose connections are open: some of `running`, and some whose last bytes still go out. */
  readonly #connections = new Map<number, PooledRequest>();
  readonly #durations: RequestDurations;

  /** @param durations - learns how long they take. */
  constructor(durations: RequestDurations) {
    this.#durations = durations;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** A request is on its way to the worker. */
  add(request: PooledRequest): void {
    this.running.set(request.id, request);
    if (request.hasConnection) this.#connections.set(request.id, request);
  }

  /** Takes what the worker has written down. @returns requests that ended. */
  takeReports(reports: ReportRing, now: number): number {
    let count = 0;
    reports.take((kind, id, bytesRead, bytesWritten) => {
      if (kind === requestEnded) {
        count += 1;
        this.ended({ id }, now);
      } else {
        this.closed({ id, bytesRead, bytesWritten });
      }
    });
    return count;
  }

  /** A connection's descriptor is free. */
  closed(counts: ClosedConnection): void {
    this.#connections.get(counts.id)?.connectionClosed(counts);
    this.#connections.delete(counts.id);
  }

  /** A handler has come to its end. */
  ended(outcome: EndedRequest, now: number): void {
    const request = this.running.get(outcome.id);
    if (request === undefined) return;
    this.running.delete(outcome.id);
    this.#durations.ended(now - request.begunAt);
    request.reported(outcome);
  }

  /** The worker is gone, and with it all of them. */
  lost(error: Error): void {
    for (const request of this.#connections.values()) request.connectionClosed(undefined);
    for (const request of this.running.values()) request.end({ error });
  }
}
