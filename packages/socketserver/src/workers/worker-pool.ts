import type { SocketAddress } from '../address/socket-address.ts';
import {
  workerBlockedChannel,
  workerLostChannel,
  type WorkerLostEvent,
} from '../diagnostics/worker-events.ts';
import { RequestQueue } from '../engine/request-queue.ts';
import { ServerClosedError } from '../errors.ts';
import { AnswerWatch } from './answer-watch.ts';
import { transferError } from './error-transfer.ts';
import type { FromWorker, OwnSocket, SendDatagram, SetUpConnections, WorkerStart } from './messages.ts';
import type { OwnRequests, PlainDatagram } from './own-requests.ts';
import { type Outcome, PooledRequest, type RequestToServe } from './pooled-request.ts';
import type { PooledWorker, WorkerStats } from './pooled-worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { WorkerRoster } from './worker-roster.ts';

/** Requests that a busy worker gets when it answers: more would wait behind each other while others get free. */
const requestsPerAnswer = 4;

/** What a pool asks of its server. */
export interface PoolOwner {
  serverAddress(): SocketAddress;
  /** Whether workers keep this process alive. */
  readonly keepsProcessAlive: boolean;
  /** What a worker that starts now must know. */
  workerStart(): Omit<WorkerStart, 'ordinal'>;
  /** Sends a datagram of a handler from the server's socket. */
  sendDatagram(bytes: Uint8Array, address: SocketAddress): Promise<void>;
  /** A worker did something with datagrams that it received itself. */
  servedOwn(requests: OwnRequests): void;
  /** Datagrams that a worker received itself are lost with it. */
  lostOwn(datagrams: readonly PlainDatagram[], error: Error): void;
  /** A handler called `this.server.shutdown()`. */
  shutdown(): Promise<void>;
  /** No worker can be had, since the handler cannot be loaded. */
  poolFailed(error: Error): void;
  /** A worker is gone that was not meant to go. */
  workerLost(event: WorkerLostEvent): void;
}

/**
 * The threads or child processes that serve a server's requests.
 *
 * A request goes to the worker with the fewest requests among those whose event loop waits at that moment. Where
 * all are busy they are asked, and the first to answer gets it: so one that is blocked gets nothing new, and nobody
 * waits behind it. Meanwhile the pool grows, within its limits.
 */
export class WorkerPool {
  readonly options: ResolvedWorkerOptions;
  readonly #owner: PoolOwner;
  readonly #roster: WorkerRoster;
  readonly #watch: AnswerWatch;
  readonly #waiting = new RequestQueue<PooledRequest>();
  #nextId = 1;
  #isRunning = false;
  #isClosed = false;
  #nowQuiet: (() => void) | undefined;
  /** The last reload: they come one after the other. */
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: ResolvedWorkerOptions, owner: PoolOwner) {
    this.options = options;
    this.#owner = owner;
    this.#roster = new WorkerRoster(options, {
      serverAddress: () => owner.serverAddress(),
      workerStart: () => owner.workerStart(),
      keepsProcessAlive: owner.keepsProcessAlive,
      received: (pooled, message) => this.#received(pooled, message),
      changed: () => this.#changed(),
      lostOwn: (datagrams, error) => owner.lostOwn(datagrams, error),
      failed: (error) => this.#failed(error),
      lost: (event) => this.#lost(event),
    });
    this.#watch = new AnswerWatch({
      workers: this.#roster.workers,
      blockedMs: options.blockedMs,
      blocked: (pooled) => this.#blocked(pooled),
      blockedTooLong: (pooled) => this.#roster.end(pooled, 'blocked'),
    });
  }

  /** Starts the workers that are always kept. Idempotent. */
  start(): void {
    this.#isRunning = true;
    this.#roster.keepMinimum();
  }

  /** Serves a request in a worker, as soon as one has time for it. Resolves when it has ended, however. */
  serve(request: RequestToServe): Promise<Outcome> {
    if (this.#isClosed) return Promise.resolve({ error: new ServerClosedError('serve a request') });
    const pooled = new PooledRequest(this.#nextId, request);
    this.#nextId += 1;
    this.#isRunning = true;
    this.#waiting.push(pooled);
    this.#dispatch();
    return pooled.ended;
  }

  /** Has every worker receive datagrams from a socket of its own; later ones learn of it by their start. */
  receive(socket: OwnSocket): void {
    for (const pooled of this.#roster.workers) if (pooled.state !== 'retiring') pooled.receive(socket);
    if (this.options.blockedMs !== Infinity) this.#watch.start();
  }

  /** Has the workers close their own sockets, and serve what has come there already. */
  stopReceiving(): void {
    for (const pooled of this.#roster.workers) pooled.stopReceiving(true);
  }

  /** Requests that workers received themselves, and serve. */
  get ownActive(): number {
    return [...this.#roster.workers].reduce((sum, { active, requests }) => sum + active - requests.size, 0);
  }

  /** Requests that wait for a worker. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Requests that all workers together may serve at once. */
  get capacity(): number {
    return this.options.max * this.options.requestsPerWorker;
  }

  /** The numbers of the threads or processes. */
  get workerIds(): number[] {
    return [...this.#roster.workers].map(({ worker }) => worker.id);
  }

  stats(): WorkerStats[] {
    return [...this.#roster.workers].map((pooled) => pooled.stats());
  }

  /**
   * Tells all requests, and those to come, that the server drains; the workers close their own sockets.
   *
   * @returns a promise that resolves when the requests have ended that workers received themselves.
   */
  interrupt(drainMs: number): Promise<void> {
    for (const pooled of this.#roster.workers) {
      pooled.stopReceiving(false);
      pooled.send({ type: 'interrupt', id: undefined, drainMs });
    }
    return new Promise((resolve) => {
      this.#nowQuiet = resolve;
      this.#checkQuiet();
    });
  }

  /** Tells the workers how connections are set up from now on. */
  setUp(message: SetUpConnections): void {
    for (const pooled of this.#roster.workers) pooled.send(message);
  }

  /**
   * Starts as many fresh workers as there are, which load the handler's module anew, and lets the old ones go when
   * their requests have ended. When the module cannot be loaded the old ones stay.
   *
   * @param drainMs - when to end requests that are left; they are told at once, unless it is `Infinity`.
   * @throws HandlerModuleError, or what else ended a fresh worker; ServerClosedError.
   */
  async reload(drainMs: number): Promise<void> {
    const earlier = this.#reloading;
    this.#reloading = earlier.catch(() => undefined).then(() => this.#replaceAll(drainMs));
    try {
      await this.#reloading;
    } catch (error) {
      throw this.#isClosed ? new ServerClosedError('reload') : error;
    }
  }

  async #replaceAll(drainMs: number): Promise<void> {
    if (this.#isClosed) throw new ServerClosedError('reload');
    if (!this.#isRunning) return;
    const old = [...this.#roster.workers];
    const count = this.#roster.alive.length;
    await this.#roster.start({ isTrial: true }).started; // one alone finds out whether it can be done
    await Promise.all(Array.from({ length: count - 1 }, () => this.#roster.start({ isTrial: true }).started));
    for (const pooled of old) this.#roster.retire(pooled, drainMs);
  }

  /** Ends all workers, and with them the requests that are left. Idempotent. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.stop();
    this.#failWaiting(new ServerClosedError('serve a request'));
    await this.#roster.close();
  }

  #changed(): void {
    this.#checkQuiet();
    this.#dispatch();
  }

  #checkQuiet(): void {
    const { workers } = this.#roster;
    if ([...workers].every(({ state, isQuiet }) => state === 'starting' || isQuiet)) this.#nowQuiet?.();
  }

  /** Hands waiting requests to workers that have time, and sees to it that there are such. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const pooled = this.#freest();
      if (pooled === undefined) {
        this.#askBusy();
        this.#grow();
        return;
      }
      this.#serveNext(pooled);
    }
  }

  #serveNext(pooled: PooledWorker): void {
    if (pooled.serve(this.#waiting.take()!) && this.options.blockedMs !== Infinity) this.#watch.start();
  }

  #freest(): PooledWorker | undefined {
    let best: PooledWorker | undefined;
    for (const pooled of this.#roster.workers) {
      if (!this.#hasRoom(pooled) || (best !== undefined && best.active <= pooled.active)) continue;
      if (pooled.answersNow) best = pooled;
    }
    return best;
  }

  #hasRoom(pooled: PooledWorker): boolean {
    return pooled.state === 'ready' && pooled.active < this.options.requestsPerWorker;
  }

  #askBusy(): void {
    for (const pooled of this.#roster.workers) {
      if (!this.#hasRoom(pooled)) continue;
      pooled.ask();
      this.#watch.start();
    }
  }

  #answered(pooled: PooledWorker): void {
    pooled.answered();
    const useful = this.#roster.alive.filter((other) => this.#hasRoom(other) && !other.isBlocked).length;
    const share = Math.min(requestsPerAnswer, Math.ceil(this.#waiting.length / Math.max(1, useful)));
    for (let count = 0; count < share && this.#hasRoom(pooled) && this.#waiting.length > 0; count += 1) {
      this.#serveNext(pooled);
    }
    this.#dispatch();
  }

  /** Starts workers for requests that wait: threads up to one per core, or more where none of them is of use. */
  #grow(): void {
    if (!this.#roster.canStart) return;
    const { kind, max, cores } = this.options;
    const { alive } = this.#roster;
    const starting = alive.filter(({ state }) => state === 'starting').length;
    const isAnyUseful = alive.some((pooled) => this.#hasRoom(pooled) && !pooled.isBlocked);
    const limit = kind === 'thread' && isAnyUseful ? Math.min(max, cores) : max;
    const wanted = kind === 'thread' ? 1 - starting : this.#waiting.length - starting;
    for (let count = Math.min(wanted, limit - alive.length); count > 0; count -= 1) this.#roster.start();
  }

  #received(pooled: PooledWorker, message: FromWorker): void {
    if (message.type === 'pong') this.#answered(pooled);
    if (message.type === 'report') this.#owner.servedOwn(message.own!);
    if (message.type === 'send') void this.#send(pooled, message);
    if (message.type === 'shutdown') {
      void this.#owner.shutdown().then(() => pooled.send({ type: 'shut-down' }));
    }
  }

  async #send(pooled: PooledWorker, { id, bytes, address }: SendDatagram): Promise<void> {
    try {
      await this.#owner.sendDatagram(bytes, address);
      pooled.send({ type: 'sent', id, error: undefined });
    } catch (error) {
      pooled.send({ type: 'sent', id, error: transferError(error) });
    }
  }

  #blocked({ worker, requests }: PooledWorker): void {
    if (workerBlockedChannel.hasSubscribers) {
      const clients = [...requests.values()].map(({ clientAddress }) => clientAddress);
      const serverAddress = this.#owner.serverAddress();
      workerBlockedChannel.publish({
        serverAddress,
        kind: worker.kind,
        worker: worker.id,
        requests: clients,
      });
    }
    this.#dispatch();
  }

  #lost(lost: Omit<WorkerLostEvent, 'serverAddress'>): void {
    const event: WorkerLostEvent = { serverAddress: this.#owner.serverAddress(), ...lost };
    if (workerLostChannel.hasSubscribers) workerLostChannel.publish(event);
    this.#owner.workerLost(event);
  }

  #failed(error: Error): void {
    this.#failWaiting(error);
    this.#owner.poolFailed(error);
  }

  #failWaiting(error: Error): void {
    for (const request of this.#waiting.clear()) request.end({ error });
  }
}
