import type { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import { serverClosedChannel, serverListeningChannel } from '../diagnostics/server-events.ts';
import { resumedChannel, suspendedChannel } from '../diagnostics/suspend-events.ts';
import { chooseEngine } from '../engine/choose-engine.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { ServerClosedError } from '../errors/server-errors.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';
import type { HealthListener } from '../health/health-listener.ts';
import { resolveHealth } from '../health/health-options.ts';
import { checkOptions } from '../options/check-options.ts';
import { resolveTimeouts } from '../options/timeout-options.ts';
import type { ServiceState } from '../systemd/service-state.ts';
import { reviveError } from '../workers/error-transfer.ts';
import { refuseServerInWorker } from '../workers/handler-module.ts';
import type { OwnRequests } from '../workers/own-requests.ts';
import { Intake } from './intake.ts';
import { LameDuck } from './lame-duck.ts';
import { RequestLoop } from './request-loop.ts';
import { RequestProcessor } from './request-processor.ts';
import { requireHandlerClass } from './require-handler-class.ts';
import { ServerHealth } from './server-health.ts';
import type { ServerOptions } from './server-options.ts';
import { ServerSocket } from './server-socket.ts';
import type { ServerStats } from './server-stats.ts';
import { tellDrain, tellReload } from './server-teller.ts';
import { thisService } from './service.ts';
import {
  type ServeForeverOptions,
  serveForeverRules,
  type SignalledServeForeverOptions,
} from './serve-forever-options.ts';
import { ServingLoop } from './serving-loop.ts';
import { checkSignals, endAtSignals } from './stop-signals.ts';

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
  extends RequestProcessor<Request, Address, Source>
  implements AsyncDisposable
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

  readonly #engine: Engine;
  readonly #socket: ServerSocket<Address, Source>;
  readonly #health: ServerHealth;
  readonly #service: ServiceState | undefined;
  readonly #loop: RequestLoop;
  readonly #intake: Intake<Request, Address>;
  readonly #rounds: ServingLoop;
  readonly #lameDuck = new LameDuck();
  #closing: Promise<void> | undefined;

  protected constructor(
    address: Address | InheritedSocket<Address>,
    RequestHandlerClass: RequestHandlerClass<Request, Address>,
    options: Readonly<ServerOptions>,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    refuseServerInWorker(action);
    requireHandlerClass(RequestHandlerClass, action);
    const engine = chooseEngine(options.engine);
    super(engine, resolveTimeouts(options.timeouts, action));
    this.RequestHandlerClass = RequestHandlerClass;
    this.#engine = engine;
    this.#socket = new ServerSocket(address);
    this.workerData = options.workerData;
    this.timeout = options.timeout ?? new.target.timeout;
    this.#service = (options.notifySystemd ?? true) ? thisService() : undefined;
    this.#loop = new RequestLoop(this.clock);
    this.#health = new ServerHealth(resolveHealth(options.health, action), {
      loop: this.#loop,
      serverAddress: () => this.serverAddress,
      stats: () => this.stats(),
      isFull: () => this.#intake.isFull || this.isAtLimit,
    });
    this.#intake = new Intake({
      loop: this.#loop,
      running: this.runningRequests,
      source: () => this.#socket.source,
      maxActive: () => this.maxActiveRequests,
      getRequest: () => this.getRequest(),
      admit: (request, clientAddress) => this.admitRequest(request, clientAddress),
      acceptFailed: (error) => this.acceptFailed(error, this.#loop.backOffMs),
    });
    this.#rounds = new ServingLoop({
      loop: this.#loop,
      intake: this.#intake,
      clock: this.clock,
      isClosed: () => this.#socket.isClosed,
    });
  }

  /** Where the server is bound, with the real port; before that, what it was given; without host, port or path where that is a descriptor. */
  get serverAddress(): Address {
    return this.#socket.address;
  }

  /** The socket that the server was given instead of an address. */
  protected get inherited(): InheritedSocket<Address> | undefined {
    return this.#socket.inherited;
  }

  /** The bound socket. @throws ServerClosedError before `serverBind()` and after `serverClose()`. */
  get socket(): Source {
    return this.#socket.opened;
  }

  /** What the server has done so far. */
  stats(): ServerStats {
    const { active, accepted, served, failed, refused, bytesRead, bytesWritten } = this.counts;
    const ended = { served, failed, refused, bytesRead, bytesWritten };
    return { accepted, active, waiting: 0, isSuspended: this.isSuspended, ...ended, workers: [] };
  }

  /** The listener of `options.health`; `undefined` without that option, and before `serverBind()`. */
  get health(): HealthListener | undefined {
    return this.#health.listener;
  }

  /** The descriptor of the bound socket; -1 when there is none, or where the platform shows none. */
  fileno(): number {
    return this.#socket.fd;
  }

  /**
   * Takes requests until `shutdown()` or `serverClose()`, and may be called again after a `shutdown()`.
   *
   * Resolves when the last request was processed: in the serial model ended, in the concurrent one started. With
   * `signals`, and one of those, it resolves when the server is closed and drained; signals are taken for as long as
   * this call lasts.
   *
   * @returns with `signals` the one that ended it, or `undefined` where it was something else.
   * @throws what `verifyRequest`, `serviceActions` or `handleError` threw, and {@link SystemExit} from a handler;
   *   {@link ServerClosedError}, {@link ServerBusyError}.
   */
  serveForever(options?: ServeForeverOptions): Promise<void>;
  serveForever(options: SignalledServeForeverOptions): Promise<NodeJS.Signals | undefined>;
  async serveForever(
    options?: Partial<SignalledServeForeverOptions>,
  ): Promise<NodeJS.Signals | undefined | void> {
    const place = { action: 'Cannot serveForever', path: 'options' };
    const { serviceIntervalMs = 500, signals = [] } = checkOptions(options, serveForeverRules, place);
    return endAtSignals(checkSignals(signals), {
      run: () => this.#serve(serviceIntervalMs),
      stop: () => this.serverClose(),
      force: () => this.#hurry(),
    });
  }

  async #serve(serviceIntervalMs: number): Promise<void> {
    this.#begin('serveForever');
    // The hook costs a timer, so one that nobody overrode is not called.
    const isIdle = this.serviceActions === BaseServer.prototype.serviceActions;
    const service = { call: () => this.serviceActions(), everyMs: serviceIntervalMs };
    try {
      await this.#rounds.serve(isIdle ? undefined : service);
    } finally {
      if (!this.isSuspended) this.takingChanged(false);
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
      const timeoutMs = this.timeout === undefined ? Infinity : this.timeout * 1000;
      if (!(await this.#rounds.takeOne(timeoutMs))) return await this.handleTimeout();
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
   * Takes no further request until `resume()`, while `serveForever()` goes on: clients wait in the kernel's queue, as far
   * as that reaches. Requests that run go on, and so do TLS handshakes. Works before and while the server serves, in any
   * model; the health listener says so. Idempotent.
   */
  suspend(): void {
    if (this.isSuspended || this.#socket.isClosed) return;
    this.#intake.suspend();
    if (this.#loop.isServing) this.takingChanged(false);
    if (suspendedChannel.hasSubscribers) suspendedChannel.publish({ serverAddress: this.serverAddress });
  }

  /** Ends what `suspend()` began: those who wait are taken, in order. Idempotent. */
  resume(): void {
    if (!this.isSuspended || this.#socket.isClosed) return;
    this.#intake.resume();
    if (this.#loop.isServing) this.takingChanged(true);
    if (resumedChannel.hasSubscribers) resumedChannel.publish({ serverAddress: this.serverAddress });
  }

  /** Whether `suspend()` keeps the server from taking requests. */
  get isSuspended(): boolean {
    return this.#intake.isSuspended;
  }

  /**
   * Takes no further request and frees the listening socket, at once or, in a server that serves, after
   * `timeouts.lameDuckMs` (a datagram socket after the drain, since handlers answer through it); then drains: aborts the signal of each running request, waits up to
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
    this.#socket.bind((requested) => this.bindSource(this.#engine, requested));
    this.#service?.bound(this);
    this.#health.listen();
  }

  /** Makes the bound socket take requests. Called by the constructor after `serverBind()`. @throws the system's error. */
  serverActivate(): void {
    this.activateSource(this.socket);
    if (!serverListeningChannel.hasSubscribers) return;
    serverListeningChannel.publish({ serverAddress: this.serverAddress, engine: this.engine });
  }

  /** Stops taking requests and frees the socket: at once, or where handlers answer through it, once `drained`. */
  protected closeSource(source: Source, _drained: Promise<void>): Promise<void> {
    return source.close();
  }

  /** Learns what a worker did with datagrams that it received itself. */
  protected servedByWorker(requests: OwnRequests): void {
    this.counts.accepted += requests.accepted;
    this.counts.served += requests.served;
    this.counts.bytesRead += requests.bytesRead;
    this.counts.bytesWritten += requests.bytesWritten;
    for (const error of requests.receiveErrors)
      this.acceptFailed(reviveError(error) as Error, this.#loop.backOffMs);
  }

  /** Lets systemd, and whoever listens, know of a reload. Mixins of this package call it. */
  protected whileReloading(reload: () => Promise<void>): Promise<void> {
    const told = (): Promise<void> => tellReload(this.serverAddress, reload);
    return this.#service === undefined ? told() : this.#service.reloading(told);
  }

  /** Binds and activates, and frees the socket when that fails. Constructors of this package call it last. */
  protected bindAndActivate(): void {
    try {
      this.serverBind();
      this.serverActivate();
    } catch (error) {
      const { source } = this.#socket;
      this.#socket.close();
      if (source !== undefined) void this.closeSource(source, Promise.resolve());
      void this.#health.close();
      this.#service?.closed(this);
      throw error;
    }
  }

  /** Publishes that the server is closed. Mixins of this package call it where that is later than here. */
  protected tellClosed(): void {
    if (this.#socket.source === undefined || !serverClosedChannel.hasSubscribers) return;
    serverClosedChannel.publish({ serverAddress: this.serverAddress });
  }

  #begin(action: 'serveForever' | 'handleRequest'): void {
    if (!this.#socket.isOpen) throw new ServerClosedError(action);
    this.#loop.begin(action);
    try {
      this.loopBegins(action);
      if (this.#loop.isServing && !this.isSuspended) this.takingChanged(true);
    } catch (error) {
      this.#loop.end();
      throw error;
    }
    this.#service?.serving(this);
  }

  /** Whether the loop takes request after request, as far as nothing outside of it keeps it from that. */
  protected get isTaking(): boolean {
    return this.#loop.isServing && !this.#loop.mustStop && !this.isSuspended && this.#socket.isOpen;
  }

  /** Has others take requests. @returns the number of the next one. */
  protected lendIntake(): number {
    this.#intake.lend();
    return this.nextNumber;
  }

  /** Takes requests again. @param next - the number of the next one. */
  protected takeIntakeBack(next: number): void {
    if (next > 0) this.nextNumber = next; // else the listener was closed meanwhile, and there is no next one
    this.#intake.takeBack();
  }

  protected override fail(error: unknown): void {
    this.#loop.fail(error);
  }

  protected override requestLeft(): void {
    this.#intake.ended();
  }

  /** Ends a drain that runs, or comes, at once. */
  #hurry(): void {
    this.#lameDuck.cutShort();
    this.runningRequests.hurry();
  }

  async #close(): Promise<void> {
    this.#health.leave();
    this.#service?.leaving(this);
    const { lameDuckMs } = this.timeouts;
    if (lameDuckMs > 0) await this.#lameDuck.wait(lameDuckMs, this.#loop.whenStopped());
    const { source } = this.#socket;
    this.#socket.close();
    const { promise: drained, resolve: nowDrained } = Promise.withResolvers<void>();
    const freed = source && this.closeSource(source, drained);
    freed?.catch(() => {}); // thrown below, after the drain
    this.#loop.wake();
    const { serverAddress, activeRequests: active, drainHoldsProcess: holdsProcess } = this;
    const { drainMs } = this.timeouts;
    const drain = (): Promise<number> => this.runningRequests.drain(drainMs, { holdsProcess });
    await (source === undefined ? drain() : tellDrain({ serverAddress, active, drainMs }, drain));
    nowDrained();
    try {
      await freed;
    } finally {
      await this.#health.close();
      this.#service?.closed(this);
      if (!this.servesInWorkers) this.tellClosed();
    }
    if (this.#loop.isStopped) this.#loop.throwFailure();
  }
}
