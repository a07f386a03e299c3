import type { SocketAddress } from '../address/socket-address.ts';
import type { Listener } from '../engine/contract/connection.ts';
import type { WorkerLossReason } from '../errors/worker-errors.ts';
import type { LentOwner, LentRequest } from './lent-requests.ts';
import type { Report, WorkerLoad } from './messages/from-worker.ts';
import type { ToWorker } from './messages/to-worker.ts';
import type { WorkerStart } from './messages/worker-start.ts';
import type { NumberTable } from './number-table.ts';
import type { PlainDatagram } from './own-requests.ts';
import type { PooledRequest } from './pooled-request.ts';
import type { RequestDurations } from './request-durations.ts';
import { RequestsOfWorker } from './requests-of-worker.ts';
import { SignsOfLife } from './signs-of-life.ts';
import type { Worker, WorkerExit, WorkerListener } from './worker.ts';
import type { WorkerLoan } from './worker-loan.ts';
import { lossError } from './worker-loss.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { WorkerSocket } from './worker-socket.ts';
import type { WorkerStats } from './worker-stats.ts';

/** What a {@link PooledWorker} is made of. */
export interface WorkerParts {
  /** Crashes of the workers that it is the replacement of. */
  readonly restarts: number;
  /** Requests that it may serve at once. */
  readonly requestsPerWorker: number;
  /** Learns how long its requests take. */
  readonly durations: RequestDurations;
  /** Counts the requests that it takes itself. */
  readonly lent: LentOwner;
  /** Makes a request like any other of one of them. */
  readonly adopt: (pooled: PooledWorker, lent: LentRequest) => PooledRequest;
  readonly create: (start: WorkerStart, listener: WorkerListener) => Worker;
  /** Gets everything that the worker says. */
  readonly listener: (pooled: PooledWorker) => WorkerListener;
}

/** One worker of a pool, and what it is doing. */
export class PooledWorker {
  readonly worker: Worker;
  readonly restarts: number;
  /** When its start began. */
  readonly startedAt = performance.now();
  /** The one for datagrams that it has for itself. */
  readonly socket: WorkerSocket;
  /** The server's listener, where it takes clients itself. */
  readonly loan: WorkerLoan;
  readonly #start: WorkerStart;
  readonly #requestsPerWorker: number;
  readonly #given: RequestsOfWorker;
  readonly #started = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  state: 'starting' | 'ready' | 'retiring' | 'gone' = 'starting';
  /** When it was asked whether it answers; `undefined` when it has. */
  askedAt: number | undefined;
  /** It did not answer for so long that it was reported. */
  isBlocked = false;
  /** Since when it serves nothing. */
  idleSince = performance.now();
  /** Somebody waits for its start, and nobody else needs to know if that fails. */
  isTrial = false;
  /** A fresh worker takes its place as soon as that is ready. */
  isOutdated = false;
  /** Why the pool ended it by force. */
  endReason: WorkerLossReason | undefined;
  /** Why it could not load its handler. */
  loadError: unknown;
  /** Datagrams of its own socket whose handlers go down with it, as far as it could tell. */
  leaving: readonly PlainDatagram[] = [];
  #served = 0;
  #load: WorkerLoad = { heapBytes: 0, utilization: 0 };
  readonly #signsOfLife = new SignsOfLife();

  constructor(start: WorkerStart, parts: WorkerParts) {
    const { restarts, requestsPerWorker, durations, lent, adopt, create, listener } = parts;
    this.#start = start;
    this.restarts = restarts;
    this.#requestsPerWorker = requestsPerWorker;
    this.socket = new WorkerSocket(start.socket !== undefined, (message) => this.send(message));
    this.#given = new RequestsOfWorker({ durations, lent, adopt: (request) => adopt(this, request) });
    this.loan = this.#given.loan;
    this.#started.promise.catch(() => undefined); // whoever wants to know asks
    this.worker = create(start, listener(this));
  }

  /** Settles when the handler is loaded, or cannot be. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when the worker is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Requests whose handlers run: those that are known one by one, which {@link adoptLent} makes all. */
  get requests(): Pick<NumberTable<PooledRequest>, 'get' | 'size' | 'values'> {
    return this.#given.running;
  }

  /** The clients of {@link requests}, in the order in which they came to it. */
  get clientAddresses(): SocketAddress[] {
    return this.#given.inOrder.map(({ clientAddress }) => clientAddress);
  }

  /** @returns how many of {@link requests} began by a time; it counts no further than to `most`. */
  countBegunBy(time: number, most: number): number {
    return this.#given.countBegunBy(time, most);
  }

  /** Whether it may serve a further request. */
  get hasRoom(): boolean {
    return this.state === 'ready' && this.active < this.#requestsPerWorker;
  }

  /** Whether it would take a further request at once. One that has nothing to do, and no socket, is not looked at. */
  get answersNow(): boolean {
    if (this.askedAt !== undefined) return false;
    const isAtRest = this.active === 0 && !this.socket.isOpen;
    return isAtRest || this.#hasMoved() || this.worker.isIdleNow === true;
  }

  /** Whether it is known to have taken up a request, or ended one, just now. */
  #hasMoved(): boolean {
    const { reports } = this.worker;
    return reports !== undefined && this.#signsOfLife.look(reports.beats, performance.now());
  }

  /** Whether handlers run in it, or connections are open. */
  get hasWork(): boolean {
    return this.socket.running > 0 || this.#given.areAny;
  }

  /** Requests that it has served. */
  get served(): number {
    return this.#served;
  }

  /** Requests that it serves, as far as is known of those that it took itself. */
  get active(): number {
    return this.#given.active + this.socket.running;
  }

  send(message: ToWorker): void {
    if (this.state !== 'gone') this.worker.send(message);
  }

  /** @returns whether the request is on its way. */
  serve(request: PooledRequest): boolean {
    if (!request.handTo(this.worker)) return false;
    this.#given.add(request);
    request.handedOver(this.worker);
    return true;
  }

  /** Lets it take clients itself. @returns whether it does: a thread may be on its way out. */
  lend(listener: Listener, terms: { readonly number: number; readonly quota: number }): boolean {
    return this.loan.begin(this.worker, listener, terms);
  }

  /** After `loan.takeBack()`: looks a last time whom it took. */
  loanEnded(): void {
    this.takeReports();
    this.loan.over();
  }

  /** Has {@link requests} be all that it serves, also those that it took itself: those at least that it took before a time. */
  adoptLent(before?: number): void {
    this.#given.adoptLent(before);
  }

  /** Asks whether the event loop answers. */
  ask(): void {
    if (this.askedAt !== undefined) return;
    this.askedAt = performance.now();
    this.send({ type: 'ping' });
  }

  answered(): void {
    this.askedAt = undefined;
    this.isBlocked = false;
  }

  /** The handler is loaded. */
  ready(): void {
    this.state = 'ready';
    this.idleSince = performance.now();
    this.#started.resolve();
  }

  /** The handler cannot be loaded: ends it. */
  cannotLoad(error: unknown): void {
    this.loadError ??= error;
    this.worker.terminate();
  }

  /** Takes what it has written down. @returns requests that ended; `undefined` where there was no news at all. */
  takeReports(): number | undefined {
    const { reports } = this.worker;
    const now = this.loan.isOpen || reports?.isRead === false ? performance.now() : 0;
    const hasTaken = this.#given.look(now);
    if (reports === undefined || reports.isRead) return hasTaken ? 0 : undefined;
    const count = this.#given.takeReports(reports, now);
    this.#haveEnded(count, now);
    return count;
  }

  /** Takes the news of a report. @returns requests that ended. */
  reported({ ended, closed, load, own }: Report): number {
    this.#load = load ?? this.#load;
    for (const counts of closed) this.#given.closed(counts);
    const now = performance.now();
    for (const outcome of ended) this.#given.ended(outcome, now);
    const count = ended.length + (own === undefined ? 0 : own.served + own.failed.length);
    if (own !== undefined) this.socket.running = own.running;
    this.#haveEnded(count, now);
    return count;
  }

  #haveEnded(count: number, now: number): void {
    this.#served += count;
    if (this.active === 0) this.idleSince = now;
  }

  hasServedItsTime({ maxRequests, maxAgeMs, maxHeapMb }: ResolvedWorkerOptions): boolean {
    return (
      this.#served >= maxRequests ||
      performance.now() - this.startedAt >= maxAgeMs ||
      this.#load.heapBytes >= maxHeapMb * 1_048_576
    );
  }

  /** The worker is gone, and with it what it served. @returns the error that its requests got. */
  exited(exit: WorkerExit): Error {
    const { worker, endReason, loadError } = this;
    const wasStarting = this.state === 'starting';
    const { handler } = this.#start;
    const error = lossError({ worker, handler, exit, wasStarting, endReason, loadError });
    this.state = 'gone';
    this.socket.lost();
    this.#started.reject(error);
    this.#gone.resolve();
    this.#given.lost(error);
    return error;
  }

  stats(): WorkerStats {
    const { kind, id } = this.worker;
    return {
      kind,
      id,
      state: this.state === 'gone' ? 'retiring' : this.state,
      isBlocked: this.isBlocked,
      active: this.active,
      served: this.#served,
      utilization: this.worker.utilization ?? this.#load.utilization,
      heapBytes: this.#load.heapBytes,
      restarts: this.restarts,
    };
  }
}
