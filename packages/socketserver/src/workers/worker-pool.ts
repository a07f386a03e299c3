import type { SocketAddress } from '../address/socket-address.ts';
import { workerBlockedChannel } from '../diagnostics/worker-events.ts';
import { ServerClosedError } from '../errors/server-errors.ts';
import { AnswerWatch } from './answer-watch.ts';
import { Lending, type LendingOwner } from './lending.ts';
import type { LentRequest } from './lent-requests.ts';
import { transferError } from './error-transfer.ts';
import type { FromWorker, SendDatagram } from './messages/from-worker.ts';
import type { SetUpConnections } from './messages/to-worker.ts';
import type { OwnSocket } from './messages/worker-start.ts';
import type { OwnRequests } from './own-requests.ts';
import { type Outcome, PooledRequest, type RequestToServe } from './pooled-request.ts';
import type { PooledWorker } from './pooled-worker.ts';
import { Reloads } from './reloads.ts';
import { RequestDispatch } from './request-dispatch.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { type RosterServer, WorkerRoster } from './worker-roster.ts';
import type { WorkerStats } from './worker-stats.ts';

/** What a pool asks of its server. */
export interface PoolOwner extends RosterServer {
  /** Lets threads take clients themselves. */
  readonly lending: LendingOwner;
  /** Has the server make a request like any other of one that a thread took. */
  adopt(lent: LentRequest, join: JoinPool): void;
  /** Sends a datagram of a handler from the server's socket. */
  sendDatagram(bytes: Uint8Array, address: SocketAddress, from: SocketAddress | undefined): Promise<void>;
  /** A worker did something with datagrams that it received itself. */
  servedOwn(requests: OwnRequests): void;
  /** A handler called `this.server.shutdown()`. */
  shutdown(): Promise<void>;
  /** One of the requests that waited has a worker. */
  waitingChanged(): void;
  /** No worker can be had, since the handler cannot be loaded. */
  poolFailed(error: Error): void;
}

/** Says what a request is that a worker has taken itself. Resolves when it has ended, however. */
export type JoinPool = (request: RequestToServe) => Promise<Outcome>;

/** The threads or child processes that serve a server's requests. */
export class WorkerPool {
  readonly options: ResolvedWorkerOptions;
  readonly #owner: PoolOwner;
  readonly #roster: WorkerRoster;
  readonly #reloads: Reloads;
  readonly #watch: AnswerWatch;
  readonly #dispatch: RequestDispatch;
  readonly #lending: Lending | undefined;
  #nextId = 1;
  #isRunning = false;
  #isClosed = false;
  #nowQuiet: (() => void) | undefined;

  constructor(options: ResolvedWorkerOptions, owner: PoolOwner) {
    this.options = options;
    this.#owner = owner;
    this.#roster = new WorkerRoster(options, {
      server: owner,
      adopt: (pooled, lent) => this.#adopt(pooled, lent),
      leaves: (pooled) => this.#lending?.leaves(pooled),
      received: (pooled, message) => this.#received(pooled, message),
      ready: (pooled) => {
        this.#checkQuiet();
        this.#dispatch.started(pooled);
      },
      changed: () => this.#changed(),
      failed: (error) => this.#failed(error),
    });
    this.#reloads = new Reloads({
      roster: this.#roster,
      cores: options.cores,
      isRunning: () => this.#isRunning,
      isClosed: () => this.#isClosed,
    });
    this.#watch = new AnswerWatch({
      workers: this.#roster.workers,
      blockedMs: options.blockedMs,
      blocked: (pooled) => this.#blocked(pooled),
      blockedTooLong: (pooled) => this.#roster.end(pooled, 'blocked'),
    });
    if (options.kind === 'thread' && options.requestsPerWorker === Infinity) {
      this.#lending = new Lending({
        roster: this.#roster,
        owner: owner.lending,
        crowded: () => this.#dispatch.crowded(),
      });
    }
    this.#dispatch = new RequestDispatch({
      options,
      roster: this.#roster,
      watch: this.#watch,
      handedOut: () => owner.waitingChanged(),
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
    this.#dispatch.add(pooled);
    this.#lending?.handedOut(pooled.cameAt);
    return pooled.ended;
  }

  /** Has nobody but the server take clients from now on; all that were taken are requests like any other. */
  endLoan(): void {
    this.#lending?.end();
  }

  /** Has every worker receive datagrams from a socket of its own; later ones learn of it by their start. */
  receive(socket: OwnSocket): void {
    for (const pooled of this.#roster.workers) if (pooled.state !== 'retiring') pooled.socket.receive(socket);
    if (this.options.blockedMs !== Infinity) this.#watch.start();
  }

  /** Has the workers close their own sockets, and serve what has come there already. */
  stopReceiving(): void {
    for (const pooled of this.#roster.workers) pooled.socket.stopReceiving(true);
  }

  /** Requests that wait for a worker. */
  get waiting(): number {
    return this.#dispatch.waiting;
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
    this.#roster.takeReports();
    return [...this.#roster.workers].map((pooled) => pooled.stats());
  }

  /**
   * Tells all requests, and those to come, that the server drains; the workers close their own sockets.
   *
   * @returns a promise that resolves when the requests have ended that workers received themselves.
   */
  interrupt(drainMs: number): Promise<void> {
    this.#roster.takeReports();
    for (const pooled of this.#roster.workers) {
      pooled.socket.stopReceiving(false);
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
  reload(drainMs: number): Promise<void> {
    return this.#reloads.reload(drainMs);
  }

  /** Ends all workers, and with them the requests that are left. Idempotent. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.stop();
    this.#failWaiting(new ServerClosedError('serve a request'));
    await this.#roster.close();
  }

  #adopt(pooled: PooledWorker, lent: LentRequest): PooledRequest {
    let adopted: PooledRequest | undefined;
    this.#owner.adopt(lent, (request) => {
      adopted = new PooledRequest(-lent.number, request);
      adopted.takenBy(pooled.worker, lent.cameAt);
      if (this.options.blockedMs !== Infinity) this.#watch.start();
      return adopted.ended;
    });
    return adopted!;
  }

  #changed(): void {
    this.#checkQuiet();
    this.#dispatch.run();
  }

  #checkQuiet(): void {
    const { workers } = this.#roster;
    if ([...workers].every(({ state, socket }) => state === 'starting' || socket.isQuiet)) this.#nowQuiet?.();
  }

  #received(pooled: PooledWorker, message: FromWorker): void {
    if (message.type === 'progress') pooled.requests.get(message.id)?.progressed(message);
    if (message.type === 'pong') this.#dispatch.answered(pooled);
    if (message.type === 'report') this.#owner.servedOwn(message.own!);
    if (message.type === 'send') void this.#send(pooled, message);
    if (message.type === 'shutdown') {
      void this.#owner.shutdown().then(() => pooled.send({ type: 'shut-down' }));
    }
  }

  async #send(pooled: PooledWorker, { id, bytes, address, from }: SendDatagram): Promise<void> {
    try {
      await this.#owner.sendDatagram(bytes, address, from);
      pooled.send({ type: 'sent', id, error: undefined });
    } catch (error) {
      pooled.send({ type: 'sent', id, error: transferError(error) });
    }
  }

  #blocked(pooled: PooledWorker): void {
    pooled.adoptLent();
    const { worker, clientAddresses } = pooled;
    if (workerBlockedChannel.hasSubscribers) {
      const serverAddress = this.#owner.serverAddress();
      workerBlockedChannel.publish({
        serverAddress,
        kind: worker.kind,
        worker: worker.id,
        requests: clientAddresses,
      });
    }
    this.#dispatch.run();
  }

  #failed(error: Error): void {
    this.#failWaiting(error);
    this.#owner.poolFailed(error);
  }

  #failWaiting(error: Error): void {
    for (const request of this.#dispatch.clear()) request.end({ error });
  }
}
