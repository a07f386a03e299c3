import { type LentOwner, type LentRequest, LentRequests } from './lent-requests.ts';
import type { ClosedConnection, EndedRequest } from './messages/from-worker.ts';
import { NumberTable } from './number-table.ts';
import { OldestFirst } from './oldest-first.ts';
import type { PooledRequest } from './pooled-request.ts';
import { type ReportRing, requestEnded } from './report-ring.ts';
import type { RequestDurations } from './request-durations.ts';
import { WorkerLoan } from './worker-loan.ts';

/** What {@link RequestsOfWorker} work with. */
export interface RequestsParts {
  /** Learns how long they take. */
  readonly durations: RequestDurations;
  /** Counts those that the worker takes itself. */
  readonly lent: LentOwner;
  /** Makes a request like any other of one of them. */
  readonly adopt: (lent: LentRequest) => PooledRequest;
}

/** What a worker was given, or has taken itself, and has not brought to its end. */
export class RequestsOfWorker {
  /** Requests whose handlers run, by the pool's numbers. */
  readonly running = new NumberTable<PooledRequest>();
  readonly #byAge = new OldestFirst<PooledRequest>();
  /** Requests whose connections are open: some of `running`, and some whose last bytes still go out. */
  readonly #connections = new NumberTable<PooledRequest>();
  /** The server's listener, from which the worker may take clients itself. */
  readonly loan: WorkerLoan;
  readonly #lent: LentRequests;
  readonly #parts: RequestsParts;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
    this.#lent = new LentRequests(parts.lent);
    this.loan = new WorkerLoan(this.#lent);
  }

  /** Requests whose handlers run. */
  get active(): number {
    return this.running.size + this.#lent.running;
  }

  /** Whether handlers run, or connections are open. */
  get areAny(): boolean {
    return this.running.size > 0 || this.#connections.size > 0 || this.#lent.size > 0;
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
    if (this.#lent.size === 0) return;
    for (const id of this.#lent.olderThan(before)) this.#adopt(id);
  }

  /** Learns of those that the worker has taken itself by now. @returns whether there are such. */
  look(now: number): boolean {
    if (!this.loan.isOpen) return false;
    const hasTaken = this.loan.look(now);
    if (this.#parts.lent.isWatched) this.adoptLent(); // before their ends are read, which somebody is to be told of
    return hasTaken;
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
    if (this.#isLent(counts.id) && this.#lent.closed(counts)) return;
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
    this.#parts.durations.ended(now - request.begunAt);
    request.reported(outcome);
  }

  /** The worker is gone, and with it all of them. */
  lost(error: Error): void {
    this.adoptLent();
    for (const request of this.#connections.values()) request.connectionClosed(undefined);
    for (const request of this.inOrder) request.end({ error });
  }

  #lentServed(id: number, now: number): boolean {
    const cameAt = this.#isLent(id) ? this.#lent.served(id) : undefined;
    if (cameAt === undefined) return false;
    this.#parts.durations.ended(now - cameAt);
    return true;
  }

  /** Whether the worker took a request itself, and it is still no request like any other. */
  #isLent(id: number): boolean {
    if (id > 0 || this.running.has(id) || this.#connections.has(id)) return false;
    // It may have been taken, and have ended, since its worker was last asked.
    if (!this.#lent.has(id)) this.look(performance.now());
    return this.#lent.has(id);
  }

  #runsNoMore(request: PooledRequest): void {
    this.running.delete(request.id);
    this.#byAge.delete(request);
  }

  #adopt(id: number): void {
    const lent = this.#lent.take(id);
    if (lent === undefined) return;
    const request = this.#parts.adopt(lent);
    this.add(request);
    if (lent.isUntold) request.tellTaken();
    if (lent.closed !== undefined) this.closed(lent.closed);
    if (lent.isRunning) return;
    this.#runsNoMore(request);
    request.reported({ id });
  }
}
