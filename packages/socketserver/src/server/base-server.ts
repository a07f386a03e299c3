import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import { acceptFailedChannel, type AcceptFailedEvent } from '../diagnostics/accept-events.ts';
import { chooseEngine } from '../engine/choose-engine.ts';
import type { Engine, HandedOver, RequestSource } from '../engine/contract.ts';
import { ServerClosedError, SystemExit, UnsupportedError } from '../errors.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';
import { runHandler } from '../handlers/run-handler.ts';
import type { ServerView } from '../handlers/server-view.ts';
import { HealthListener } from '../health/health-listener.ts';
import { resolveHealth, type ResolvedHealthOptions } from '../health/health-options.ts';
import type { HealthReport, HealthStatus } from '../health/health-report.ts';
import { type ResolvedTimeouts, resolveTimeouts } from '../options/timeout-options.ts';
import type { RemoteConnection } from '../request/stream-socket.ts';
import type { DatagramBinding } from '../workers/datagram-binding.ts';
import { reviveError } from '../workers/error-transfer.ts';
import { refuseServerInWorker } from '../workers/handler-module.ts';
import type { ConnectionSetup } from '../workers/messages.ts';
import type { OwnRequests, PlainDatagram } from '../workers/own-requests.ts';
import type { PackedRequest } from '../workers/pooled-request.ts';
import type { WorkerKind } from '../workers/worker-options.ts';
import { FairTurns } from './fair-turns.ts';
import { formatFailure } from './format-failure.ts';
import { type OpenConnection, RunningRequests } from './running-requests.ts';
import { RequestLoop } from './request-loop.ts';
import type { ServerOptions } from './server-options.ts';
import { RequestCounts, type ServerStats } from './server-stats.ts';
import { isPassing, isSystemError } from './system-error.ts';

/** A request and where it came from: what `getRequest()` gives. */
export type TakenRequest<Request, Address> = readonly [request: Request, clientAddress: Address];

/** What `getRequest()` gives, now or later; nothing when the request went away meanwhile. */
export type MaybeRequest<Request, Address> =
  Promise<TakenRequest<Request, Address> | undefined> | TakenRequest<Request, Address> | undefined;

/** Options of {@link BaseServer.serveForever}. */
export interface ServeForeverOptions {
  /** Milliseconds between two calls of `serviceActions()` while no request comes. Default 500, as in Python. */
  readonly serviceIntervalMs?: number;
}

/**
 * What all servers share: the loop that takes requests, and their way to a handler and back.
 *
 * *You call* `handleRequest`, `serveForever`, `shutdown`, `serverClose`, `fileno`.
 * *You may override*, each also with an `async` method, in the order in which they are called for a request:
 * `getRequest`, `verifyRequest`, `processRequest`, `finishRequest`, `handleError` (when something was thrown),
 * `shutdownRequest`, `closeRequest`; further `handleTimeout`, `serviceActions`, and, these synchronous since the
 * constructor calls them, `serverBind` and `serverActivate`.
 * *Transports of this package implement* `bindSource`, `activateSource` and `getRequest`.
 *
 * @see CPython `socketserver.BaseServer`
 */
export abstract class BaseServer<Request, Address extends SocketAddress, Source extends RequestSource>
  implements ServerView, AsyncDisposable
{
  /** Seconds that `handleRequest()` waits; `undefined` for ever. `serveForever()` ignores it. */
  static readonly timeout: number | undefined = undefined;
  /** `SO_REUSEADDR`. */
  static readonly allowReuseAddress: boolean = true;
  /** `SO_REUSEPORT`. */
  static readonly allowReusePort: boolean = false;

  readonly RequestHandlerClass: RequestHandlerClass<Request, Address>;
  /** Seconds that `handleRequest()` waits; `undefined` for ever. */
  timeout: number | undefined;
  readonly workerData: unknown;
  readonly timeouts: ResolvedTimeouts;

  readonly #engine: Engine;
  readonly #requestedAddress: Address;
  /** Transports of this package add the bytes. */
  protected readonly counts = new RequestCounts();
  readonly #healthOptions: ResolvedHealthOptions | undefined;
  #health: HealthListener | undefined;
  readonly #running = new RunningRequests();
  readonly #loop = new RequestLoop();
  #socket: Source | undefined;
  #lastRequestId = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  protected constructor(
    address: Address,
    RequestHandlerClass: RequestHandlerClass<Request, Address>,
    options: Readonly<ServerOptions>,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    refuseServerInWorker(action);
    const handle: unknown = (RequestHandlerClass as { prototype?: { handle?: unknown } } | undefined)
      ?.prototype?.handle;
    if (typeof RequestHandlerClass !== 'function' || typeof handle !== 'function') {
      throw new TypeError(
        `${action}: RequestHandlerClass must be a class with a handle() method, got ${typeof RequestHandlerClass}`,
      );
    }
    this.RequestHandlerClass = RequestHandlerClass;
    this.#requestedAddress = address;
    this.#engine = chooseEngine(options.engine);
    this.workerData = options.workerData;
    this.timeout = options.timeout ?? new.target.timeout;
    this.timeouts = resolveTimeouts(options.timeouts, action);
    this.#healthOptions = resolveHealth(options.health, action);
  }

  /** Where the server is bound, with the real port; before that, what it was given. */
  get serverAddress(): Address {
    return (this.#socket?.address as Address | undefined) ?? this.#requestedAddress;
  }

  get engine(): Engine['name'] {
    return this.#engine.name;
  }

  /** The bound socket. @throws ServerClosedError before `serverBind()` and after `serverClose()`. */
  get socket(): Source {
    if (this.#socket === undefined || this.#isClosed) throw new ServerClosedError('use the socket');
    return this.#socket;
  }

  /** Requests that are being processed. */
  get activeRequests(): number {
    return this.#running.processing;
  }

  /** What the server has done so far. */
  stats(): ServerStats {
    const { accepted, served, failed, bytesRead, bytesWritten } = this.counts;
    const active = this.activeRequests;
    return { accepted, active, waiting: 0, served, failed, bytesRead, bytesWritten, workers: [] };
  }

  /** The listener of `options.health`; `undefined` without that option, and before `serverBind()`. */
  get health(): HealthListener | undefined {
    return this.#health;
  }

  /** The descriptor of the bound socket; -1 when there is none, or where the platform shows none. */
  fileno(): number {
    return this.#isClosed ? -1 : (this.#socket?.fd ?? -1);
  }

  /**
   * Takes requests until `shutdown()` or `serverClose()`, and may be called again after a `shutdown()`.
   *
   * Resolves when the last request was processed: in the serial model ended, in the concurrent one started.
   *
   * @throws what `verifyRequest`, `serviceActions` or `handleError` threw, and {@link SystemExit} from a handler;
   *   {@link ServerClosedError}, {@link ServerBusyError}.
   */
  async serveForever({ serviceIntervalMs = 500 }: ServeForeverOptions = {}): Promise<void> {
    this.#begin('serveForever');
    // The hook costs a timer, so one that nobody overrode is not called.
    const serviceMs =
      this.serviceActions === BaseServer.prototype.serviceActions ? undefined : serviceIntervalMs;
    try {
      const turns = new FairTurns();
      while (!this.#mustStop()) {
        if (this.#loop.backOffMs > 0) await this.#loop.waitFor(undefined, this.#loop.backOffMs);
        else if (!this.#canTake) await this.#waitForRequest(serviceMs);
        if (this.#mustStop()) break;
        if (this.#canTake) await this.#serveOne();
        const turn = turns.leave();
        if (turn !== undefined) await turn;
        if (serviceMs !== undefined) await this.serviceActions();
      }
    } finally {
      this.loopEnds();
      this.#loop.forgetStop();
      this.#loop.end();
    }
    this.#loop.throwFailure();
  }

  /**
   * Waits for one request and processes it; after `timeout` seconds calls `handleTimeout()` instead.
   *
   * @returns what `handleTimeout()` returned if it was called.
   * @throws as `serveForever()` does.
   */
  async handleRequest(): Promise<unknown> {
    this.#begin('handleRequest');
    try {
      if (this.#loop.backOffMs > 0) await this.#loop.waitFor(undefined, this.#loop.backOffMs);
      const deadline = this.timeout === undefined ? Infinity : performance.now() + this.timeout * 1000;
      while (!this.#canTake) {
        const ms = deadline - performance.now();
        if (ms <= 0) return await this.handleTimeout();
        await this.#waitForRequest(ms === Infinity ? undefined : ms);
        if (this.#isClosed) throw new ServerClosedError('handleRequest');
      }
      await this.#serveOne();
    } finally {
      this.#loop.end();
    }
    this.#loop.throwFailure();
    return undefined;
  }

  /**
   * Lets `serveForever()` take no further request and return. Requests that run go on, and the socket stays open.
   *
   * Resolves once the loop has ended, or is only waiting for a request that it is processing: so a handler may
   * await it. With no loop running it is remembered, and the next `serveForever()` returns at once.
   */
  shutdown(): Promise<void> {
    return this.#loop.stop();
  }

  /**
   * Takes no further request and frees the listening socket, at once (a datagram socket after the drain, since handlers
   * answer through it); then drains: aborts the signal of each running request, waits up to
   * `timeouts.drainMs` for them, and ends those that are left. Ends `serveForever()` too. Idempotent.
   *
   * Awaited from inside a handler of the server it waits for that handler too: call `shutdown()` there.
   */
  serverClose(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.serverClose();
  }

  /** Binds the socket. Called by the constructor unless `bindAndActivate` is `false`. @throws the system's error. */
  serverBind(): void {
    if (this.#isClosed) throw new ServerClosedError('serverBind');
    if (this.#socket !== undefined)
      throw new TypeError('Cannot serverBind: the server must not be bound yet');
    this.#socket = this.bindSource(this.#engine, this.#requestedAddress);
    if (this.#healthOptions === undefined) return;
    this.#health = new HealthListener(this.#healthOptions.address, () => this.#healthReport());
  }

  /** Makes the bound socket take requests. Called by the constructor after `serverBind()`. @throws the system's error. */
  serverActivate(): void {
    this.activateSource(this.socket);
  }

  /**
   * Takes the next request, which is known to wait; `undefined` if it went away meanwhile.
   *
   * An error of the operating system thrown here is published and the loop goes on; any other ends the loop.
   */
  abstract getRequest(): MaybeRequest<Request, Address>;

  /** Decides whether to process a request: `false` shuts it down. What it throws ends the loop. */
  verifyRequest(_request: Request, _clientAddress: Address): Promise<boolean> | boolean {
    return true;
  }

  /**
   * Processes a request: here one after the other, until it has ended. Mixins override it. An error thrown here
   * goes to `handleError`.
   */
  async processRequest(request: Request, clientAddress: Address): Promise<void> {
    await this.finishRequest(request, clientAddress);
    this.counts.served += 1;
    const ended = this.shutdownRequest(request);
    if (ended !== undefined) await ended;
  }

  /** Makes the handler object and lets it serve the request. */
  finishRequest(request: Request, clientAddress: Address): Promise<void> | void {
    return runHandler(new this.RequestHandlerClass(request, clientAddress, this));
  }

  /** Ends a request in good order: tells the peer, then calls `closeRequest`. */
  shutdownRequest(request: Request): Promise<void> | void {
    return this.closeRequest(request);
  }

  /** Frees what a request holds in this process. */
  closeRequest(_request: Request): Promise<void> | void {}

  /** Called when `handleRequest()` got no request within `timeout` seconds. */
  handleTimeout(): unknown {
    return undefined;
  }

  /**
   * Learns what a request threw; the connection is still open. Prints it to stderr, unless the peer merely went
   * away; the server goes on. What it throws itself ends the loop.
   */
  handleError(request: Request, clientAddress: Address, error: unknown): Promise<void> | void {
    if (this.isPeerGone(request, error)) return;
    process.stderr.write(formatFailure(formatAddress(clientAddress), error));
  }

  /** Called by `serveForever()` after each request, and regularly while none comes. */
  serviceActions(): Promise<void> | void {}

  /** Whether `error` only says that the peer of this request went away. */
  protected isPeerGone(_request: Request, _error: unknown): boolean {
    return false;
  }

  /** Requests that may be processed at once: at that many the loop takes no further one. Transports may bound it. */
  protected get maxActiveRequests(): number {
    return Infinity;
  }

  protected abstract bindSource(engine: Engine, address: Address): Source;
  protected abstract activateSource(source: Source): void;

  /** Stops taking requests and frees the socket: at once, or where handlers answer through it, once `drained`. */
  protected closeSource(source: Source, _drained: Promise<void>): Promise<void> {
    return source.close();
  }

  /**
   * Runs a request to its end, for mixins: as `processRequest` and what the loop does when that throws.
   *
   * @see CPython `ThreadingMixIn.process_request_thread`
   */
  async runRequest(request: Request, clientAddress: Address): Promise<void> {
    this.#running.begin();
    try {
      try {
        await this.finishRequest(request, clientAddress);
        this.counts.served += 1;
      } catch (error) {
        this.counts.failed += 1;
        if (error instanceof SystemExit) throw error;
        await this.handleError(request, clientAddress, error);
      } finally {
        await this.#endOrAbandon(request, clientAddress);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      const wasFull = this.#isFull;
      this.#running.end();
      if (wasFull) this.#loop.wake();
    }
  }

  /** A `shutdownRequest` that throws costs its own request, not the server. */
  async #endOrAbandon(request: Request, clientAddress: Address): Promise<void> {
    try {
      await this.endRequest(request);
    } catch (error) {
      this.abandonRequest(request);
      await this.handleError(request, clientAddress, error);
    }
  }

  /** Frees a request that could not be ended in good order. Transports of this package implement it. */
  protected abandonRequest(_request: Request): void {}

  /** What ends a request after {@link runRequest}: `shutdownRequest`, unless it was handed over. */
  protected endRequest(request: Request): Promise<void> | void {
    return this.shutdownRequest(request);
  }

  /** Whether handlers run in workers; mixins of this package say so. */
  protected get servesInWorkers(): boolean {
    return false;
  }

  /** Whether a drain keeps the process alive until it ends. */
  protected get drainHoldsProcess(): boolean {
    return true;
  }

  /** Called when `serveForever()` begins, or `handleRequest()`. */
  protected loopBegins(_action: 'serveForever' | 'handleRequest'): void {}

  /** Called when `serveForever()` ends. */
  protected loopEnds(): void {}

  /**
   * Takes a request apart for a worker. Transports of this package implement it.
   *
   * @param remote - how the request can be reached from then on.
   * @throws {@link UnsupportedError} where requests cannot leave their thread.
   */
  protected packRequest(
    _taken: TakenRequest<Request, Address>,
    _target: WorkerKind,
    _remote: RemoteConnection,
  ): PackedRequest {
    throw new UnsupportedError('Cannot serve in a worker: this kind of server cannot hand its requests over');
  }

  /** Ends a connection that was handed over, where the worker was gone before it took it. */
  protected endAbandoned(handedOver: HandedOver): void {
    const { transfer, handle } = handedOver;
    handle?.destroy();
    if (handle !== undefined || transfer !== undefined) return;
    // Nothing but the number of a descriptor went over.
    try {
      this.#engine.adopt(handedOver).reset();
    } catch (error) {
      // The worker had it, and its end was the connection's: the number may mean another one by now.
      if (!isSystemError(error)) throw error;
    }
  }

  /** Sends a datagram that a handler in a worker asked for. Datagram servers implement it. */
  protected sendDatagram(_bytes: Uint8Array, _address: Address): Promise<void> {
    return Promise.reject(new UnsupportedError('Cannot sendto: this server has no datagram socket'));
  }

  /** How workers bind sockets of their own beside this server's; `undefined` where only the server receives. */
  protected workerBinding(): DatagramBinding | undefined {
    return undefined;
  }

  /** The request of a datagram that a worker received itself. Datagram servers implement it. */
  protected unpackRequest(_datagram: PlainDatagram): TakenRequest<Request, Address> {
    throw new UnsupportedError('Cannot unpack a request: this server has no datagrams');
  }

  /** The number of a request that is taken now. Transports of this package call it. */
  protected nextRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  /** Learns what a worker did with datagrams that it received itself. */
  protected servedByWorker({ accepted, served, receiveErrors }: OwnRequests): void {
    this.counts.accepted += accepted;
    this.counts.served += served;
    for (const error of receiveErrors) this.#publishAcceptError(reviveError(error) as Error);
  }

  /** Has `handleError` learn what the handler of a request threw that was never taken here. */
  protected async failedInWorker(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    this.#running.begin();
    try {
      this.counts.failed += 1;
      if (error instanceof SystemExit) throw error;
      await this.handleError(request, clientAddress, error);
    } catch (failure) {
      this.fail(failure);
    } finally {
      this.#running.end();
      this.#loop.wake();
    }
  }

  /** A connection that {@link packRequest} gave away is closed. */
  protected remoteRequestClosed(_request: Request): void {}

  /** What workers do with a connection before its handler. */
  protected connectionSetup(): ConnectionSetup {
    return { timeouts: this.timeouts };
  }

  /** Tells the workers that {@link connectionSetup} gives something else now. */
  protected connectionSetupChanged(): void {}

  /** Transports of this package report each connection that they open and, once its descriptor is free, close. */
  protected connectionOpened(connection: OpenConnection): void {
    this.#running.opened(connection);
  }

  protected connectionClosed(connection: OpenConnection): void {
    this.#running.closed(connection);
  }

  /** Binds and activates, and frees the socket when that fails. Constructors of this package call it last. */
  protected bindAndActivate(): void {
    try {
      this.serverBind();
      this.serverActivate();
    } catch (error) {
      this.#isClosed = true;
      if (this.#socket !== undefined) void this.closeSource(this.#socket, Promise.resolve());
      void this.#health?.close();
      throw error;
    }
  }

  /** One turn: from a request that waits to `processRequest`'s return. */
  async #serveOne(): Promise<void> {
    this.#loop.handling();
    let taken: TakenRequest<Request, Address> | undefined;
    try {
      const next = this.getRequest();
      taken = next instanceof Promise ? await next : next;
      this.#loop.recovered();
    } catch (error) {
      this.#loop.waiting();
      if (!isSystemError(error)) throw error;
      this.#acceptFailed(error);
      return;
    }
    if (taken !== undefined) {
      this.counts.accepted += 1;
      this.#running.begin();
      try {
        await this.#admit(taken[0], taken[1]);
      } finally {
        this.#running.end();
      }
    }
    this.#loop.waiting();
  }

  async #admit(request: Request, clientAddress: Address): Promise<void> {
    let isWanted = false;
    try {
      const verdict = this.verifyRequest(request, clientAddress);
      isWanted = verdict === true || (await verdict);
    } finally {
      if (!isWanted) await this.shutdownRequest(request);
    }
    if (!isWanted) return;
    try {
      await this.processRequest(request, clientAddress);
    } catch (error) {
      this.counts.failed += 1;
      try {
        if (error instanceof SystemExit) throw error;
        await this.handleError(request, clientAddress, error);
      } finally {
        await this.#endOrAbandon(request, clientAddress);
      }
    }
  }

  #acceptFailed(error: NodeJS.ErrnoException): void {
    if (!isPassing(error)) this.#loop.backOff();
    this.#publishAcceptError(error);
  }

  #publishAcceptError(error: Error): void {
    if (!acceptFailedChannel.hasSubscribers) return;
    const event: AcceptFailedEvent = {
      serverAddress: this.serverAddress,
      error,
      retryMs: this.#loop.backOffMs,
    };
    acceptFailedChannel.publish(event);
  }

  get #isFull(): boolean {
    return this.#running.processing >= this.maxActiveRequests;
  }

  get #canTake(): boolean {
    return this.#socket!.isReady && !this.#isFull;
  }

  /** Waits until a request may be there to take, somebody wakes the loop, or `ms` have passed. */
  #waitForRequest(ms: number | undefined): Promise<void> {
    if (!this.#isFull) return this.#loop.waitFor(this.#socket, ms);
    this.#socket!.notify(undefined);
    return this.#loop.waitFor(undefined, ms);
  }

  #begin(action: 'serveForever' | 'handleRequest'): void {
    if (this.#isClosed || this.#socket === undefined) throw new ServerClosedError(action);
    this.#loop.begin(action);
    try {
      this.loopBegins(action);
    } catch (error) {
      this.#loop.end();
      throw error;
    }
  }

  #mustStop(): boolean {
    return this.#isClosed || this.#loop.mustStop;
  }

  #healthReport(): HealthReport {
    const { workers: _, ...counts } = this.stats();
    return { status: this.#healthStatus(), address: formatAddress(this.serverAddress), ...counts };
  }

  #healthStatus(): HealthStatus {
    if (this.#isClosed) return 'draining';
    if (this.#loop.isStopped) return this.#loop.hasRun ? 'stopped' : 'starting';
    return this.#isFull ? 'full' : 'serving';
  }

  /** Ends the loop with an error from beside it. */
  protected fail(error: unknown): void {
    this.#loop.fail(error);
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    const { promise: drained, resolve: nowDrained } = Promise.withResolvers<void>();
    const freed = this.#socket && this.closeSource(this.#socket, drained);
    freed?.catch(() => {}); // thrown below, after the drain
    this.#loop.wake();
    await this.#running.drain(this.timeouts.drainMs, { holdsProcess: this.drainHoldsProcess });
    nowDrained();
    try {
      await freed;
    } finally {
      await this.#health?.close();
    }
    if (this.#loop.isStopped) this.#loop.throwFailure();
  }
}
