import type { SocketAddress } from '../address/socket-address.ts';
import { adoptConnection } from '../connection/proxied-connection.ts';
import { DeadlineSweep } from '../deadlines/deadline-sweep.ts';
import type { TimedRequest } from '../deadlines/timed-request.ts';
import { acceptFailedChannel } from '../diagnostics/accept-events.ts';
import { type Clock, clockOf } from '../engine/clock.ts';
import type { HandedOver } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import type { ResolvedTimeouts } from '../options/timeout-options.ts';
import type { ConnectionSetup } from '../workers/messages/worker-start.ts';
import { ModelHooks } from './model-hooks.ts';
import type { OpenConnection } from './open-connections.ts';
import { RequestLedger } from './request-ledger.ts';
import { RequestRunner } from './request-runner.ts';
import { RequestTeller } from './request-teller.ts';
import { RunningRequests } from './running-requests.ts';
import { isSystemError } from './system-error.ts';

/**
 * What becomes of requests once they are taken: their way through the hooks, their deadlines, and the accounts of them and
 * of their connections. Transports and mixins of this package report to it.
 */
export abstract class RequestProcessor<
  Request,
  Address extends SocketAddress,
  Source extends RequestSource,
> extends ModelHooks<Request, Address, Source> {
  readonly timeouts: ResolvedTimeouts;
  /** Publishes what becomes of requests. Transports and mixins of this package tell it more. */
  protected readonly teller = new RequestTeller<Request, Address>({
    serverAddress: () => this.serverAddress,
    isPeerGone: (request, error) => this.isPeerGone(request, error),
  });
  /** What a drain waits for. */
  protected readonly runningRequests: RunningRequests;
  readonly #engine: Engine;
  readonly #deadlines: DeadlineSweep;
  readonly #ledger = new RequestLedger<Request, Address>(this.counts, this.teller);
  readonly #runner: RequestRunner<Request, Address>;
  #lastRequestId = 0;

  protected constructor(engine: Engine, timeouts: ResolvedTimeouts) {
    super();
    this.#engine = engine;
    this.timeouts = timeouts;
    this.#deadlines = new DeadlineSweep({ timeouts, minBytesPerSecond: 0 }, this.clock);
    this.runningRequests = new RunningRequests(this.clock);
    this.#runner = new RequestRunner({
      hooks: this,
      ledger: this.#ledger,
      running: this.runningRequests,
      begin: (request) => this.#watch(request),
      finish: (request, clientAddress) => this.finishInTime(request, clientAddress),
      endRequest: (request) => this.endRequest(request),
      abandonRequest: (request) => this.abandonRequest(request),
      fail: (error) => this.fail(error),
      leave: () => this.requestLeft(),
    });
  }

  /** Ends the loop with an error from beside it. */
  protected abstract fail(error: unknown): void;

  /** A request that was processed has ended: takes it out of `runningRequests`, and the next one in where there was no room. */
  protected abstract requestLeft(): void;

  get engine(): Engine['name'] {
    return this.#engine.name;
  }

  /** What this server's deadlines run by. */
  protected get clock(): Clock {
    return clockOf(this.#engine);
  }

  /** Requests that were taken and have not ended. */
  get activeRequests(): number {
    return this.counts.active;
  }

  /** Verifies and processes a request that was taken, at once if it can. @throws what ends the loop. */
  protected admitRequest(request: Request, clientAddress: Address): Promise<void> | void {
    return this.#runner.admit(request, clientAddress);
  }

  /**
   * Runs a request to its end, for mixins: as `processRequest` and what the loop does when that throws.
   *
   * @see CPython `ThreadingMixIn.process_request_thread`
   */
  runRequest(request: Request, clientAddress: Address): Promise<void> | void {
    return this.#runner.run(request, clientAddress);
  }

  /** Has `handleError` learn what the handler of a request threw that was never taken here. */
  protected failedInWorker(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    return this.#runner.failedElsewhere(request, clientAddress, error);
  }

  /** Ends a connection that was handed over, where the worker was gone before it took it. */
  protected endAbandoned(handedOver: HandedOver): void {
    const { transfer, handle } = handedOver;
    handle?.destroy();
    if (handle !== undefined || transfer !== undefined) return;
    // Nothing but the number of a descriptor went over.
    try {
      adoptConnection(this.#engine, handedOver).reset();
    } catch (error) {
      // The worker had it, and its end was the connection's: the number may mean another one by now.
      if (!isSystemError(error)) throw error;
    }
  }

  /** The number of a request that is taken now. Transports of this package call it. */
  protected nextRequestId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  /** What {@link nextRequestId} gives next: others have given the numbers between. */
  protected get nextNumber(): number {
    return this.#lastRequestId + 1;
  }

  protected set nextNumber(next: number) {
    this.#lastRequestId = next - 1;
  }

  protected override requestServed(request: Request, clientAddress: Address): void {
    this.#ledger.served(request, clientAddress);
  }

  protected override finishInTime(request: Request, clientAddress: Address): Promise<void> | void {
    if (!this.servesInWorkers) this.teller.started(request, clientAddress);
    const timed = this.#timed(request);
    if (timed === undefined) return this.finishRequest(request, clientAddress);
    return this.#deadlines.run(timed, () => this.finishRequest(request, clientAddress));
  }

  protected override connectionSetup(): ConnectionSetup {
    return this.#deadlines.figures;
  }

  /** Asks so many bytes a second of peers that handlers wait for, from now on. Transports of this package call it. */
  protected askRate(minBytesPerSecond: number): void {
    const wasNeeded = this.#deadlines.isNeeded;
    this.#deadlines.change({ timeouts: this.timeouts, minBytesPerSecond });
    if (wasNeeded || !this.#deadlines.isNeeded || this.servesInWorkers) return;
    for (const connection of this.runningRequests.open) {
      if ('pace' in connection) this.#deadlines.watch(connection as OpenConnection & TimedRequest);
    }
  }

  /** Publishes that a request could not be taken, and when that is tried again. */
  protected acceptFailed(error: Error, retryMs: number): void {
    if (!acceptFailedChannel.hasSubscribers) return;
    acceptFailedChannel.publish({ serverAddress: this.serverAddress, error, retryMs });
  }

  /** Connections that are open. */
  protected get openConnections(): number {
    return this.runningRequests.connections;
  }

  /** Looks at each of them. */
  protected get connections(): Iterable<OpenConnection> {
    return this.runningRequests.open;
  }

  /** Transports of this package report each connection that they open and, once its descriptor is free, close. */
  protected connectionOpened(connection: OpenConnection): void {
    this.runningRequests.opened(connection);
  }

  protected connectionClosed(connection: OpenConnection): void {
    this.runningRequests.closed(connection);
  }

  #timed(request: Request): TimedRequest | undefined {
    return this.#deadlines.isNeeded && !this.servesInWorkers ? this.timedRequest(request) : undefined;
  }

  /** Also for those whose `processRequest` is the user's. */
  #watch(request: Request): void {
    const timed = this.#timed(request);
    if (timed !== undefined) this.#deadlines.watch(timed);
  }
}
