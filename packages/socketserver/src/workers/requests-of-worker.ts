import type { LentRequest, LentRequests } from './lent-requests.ts';
import type { ClosedConnection, EndedRequest } from './messages/from-worker.ts';
import { NumberTable } from './number-table.ts';
import { OldestFirst } from './oldest-first.ts';
import type { PooledRequest } from './pooled-request.ts';
import { type ReportRing, requestEnded } from './report-ring.ts';
import type { RequestDurations } from './request-durations.ts';

/** What {@link RequestsOfWorker} have to do with requests that their worker takes itself. */
export interface LentToWorker {
  readonly requests: LentRequests;
  /** Learns of those that the worker has taken by now. */
  look(): void;
  /** Makes a request like any other of one of them. */
  adopt(lent: LentRequest): PooledRequest;
}

/** What a worker was given, or has taken itself, and has not brought to its end. */
export class RequestsOfWorker {
  /** Requests whose handlers run, by the pool's numbers. */
  readonly running = new NumberTable<PooledRequest>();
  readonly #byAge = new OldestFirst<PooledRequest>();
  /** Requests whose connections are open: some of `running`, and some whose last bytes still go out. */
  readonly #connections = new NumberTable<PooledRequest>();
  readonly #durations: RequestDurations;
  readonly #lent: LentToWorker;

  /** @param durations - learns how long they take. */
  constructor(durations: RequestDurations, lent: LentToWorker) {
    this.#durations = durations;
    this.#lent = lent;
  }

  /** Requests whose handlers run. */
  get active(): number {
    return this.running.size + this.#lent.requests.running;
  }

  /** Whether handlers run, or connections are open. */
  get areAny(): boolean {
    return this.running.size > 0 || this.#connections.size > 0 || this.#lent.requests.size > 0;
  }

  /** {@link running}, in the order in which they came to the worker. */
  get inOrder(): PooledRequest[] {
    return [...this.#byAge];
  }

  /** @returns how many of those whose handlers run began by a time; it counts no further than to `most`. */
  countBegunBy(time: number, most: number): number {
    return this.#byAge.countBegunBy(time, most);
  }

  /** A request is on its way to the worker. */
  add(request: PooledRequest): void {
    this.running.set(request.id, request);
    this.#byAge.add(request);
    if (request.hasConnection) this.#connections.set(request.id, request);
  }

  /** Makes requests like any other of those that the worker took itself before a time: from then on they are kept one by one. */
  adoptLent(before = Infinity): void {
    const { requests } = this.#lent;
    if (requests.size === 0) return;
    for (const id of requests.olderThan(before)) this.#adopt(id);
  }

  /** Takes what the worker has written down. @returns requests that ended. */
  takeReports(reports: ReportRing, now: number): number {
    let count = 0;
    reports.take((kind, id, bytesRead, bytesWritten) => {
      if (kind === requestEnded) {
        count += 1;
        if (!this.#lentServed(id, now)) this.ended({ id }, now);
      } else {
        this.closed({ id, bytesRead, bytesWritten });
      }
    });
    return count;
  }

  /** A connection's descriptor is free. */
  closed(counts: ClosedConnection): void {
    if (this.#isLent(counts.id) && this.#lent.requests.closed(counts)) return;
    this.#connections.get(counts.id)?.connectionClosed(counts);
    this.#connections.delete(counts.id);
  }

  /** A handler has come to its end. */
  ended(outcome: EndedRequest, now: number): void {
    if (this.#isLent(outcome.id)) {
      if (outcome.error === undefined && this.#lentServed(outcome.id, now)) return;
      this.#adopt(outcome.id);
    }
    const request = this.running.get(outcome.id);
    if (request === undefined) return;
    this.#runsNoMore(request);
    this.#durations.ended(now - request.begunAt);
    request.reported(outcome);
  }

  /** The worker is gone, and with it all of them. */
  lost(error: Error): void {
    this.adoptLent();
    for (const request of this.#connections.values()) request.connectionClosed(undefined);
    for (const request of this.inOrder) request.end({ error });
  }

  #lentServed(id: number, now: number): boolean {
    const cameAt = this.#isLent(id) ? this.#lent.requests.served(id) : undefined;
    if (cameAt === undefined) return false;
    this.#durations.ended(now - cameAt);
    return true;
  }

  /** Whether the worker took a request itself, and it is still no request like any other. */
  #isLent(id: number): boolean {
    if (id > 0 || this.running.has(id) || this.#connections.has(id)) return false;
    // It may have been taken, and have ended, since its worker was last asked.
    if (!this.#lent.requests.has(id)) this.#lent.look();
    return this.#lent.requests.has(id);
  }

  #runsNoMore(request: PooledRequest): void {
    this.running.delete(request.id);
    this.#byAge.delete(request);
  }

  #adopt(id: number): void {
    const lent = this.#lent.requests.take(id);
    if (lent === undefined) return;
    const request = this.#lent.adopt(lent);
    this.add(request);
    if (lent.isUntold) request.tellTaken();
    if (lent.closed !== undefined) this.closed(lent.closed);
    if (lent.isRunning) return;
    this.#runsNoMore(request);
    request.reported({ id });
  }
}
