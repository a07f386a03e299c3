import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import { areRequestsWatched } from '../diagnostics/request-events.ts';
import type { WorkerLostEvent } from '../diagnostics/worker-events.ts';
import type { Listener } from '../engine/contract/connection.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { checkOptions, milliseconds, type OptionRules } from '../options/check-options.ts';
import type { TakenRequest } from '../server/request-hooks.ts';
import { formatFailure } from '../server/format-failure.ts';
import { PreparationFailed } from '../server/preparation-failed.ts';
import type { ServerStats } from '../server/server-stats.ts';
import { reviveError } from '../workers/error-transfer.ts';
import { refuseServerInWorker } from '../workers/handler-module.ts';
import type { ConnectionSetup, OwnSocket } from '../workers/messages/worker-start.ts';
import type { PlainDatagram } from '../workers/own-requests.ts';
import type { LentRequest } from '../workers/lent-requests.ts';
import type { Outcome } from '../workers/pooled-request.ts';
import { withOwnSockets } from '../workers/worker-options.ts';
import { type JoinPool, WorkerPool } from '../workers/worker-pool.ts';
import { firstOwnHook, hooksOfConnections, refuseUnseenHooks } from './refuse-unseen-hooks.ts';
import { ReloadSignal } from './reload-signal.ts';
import { RequestForWorker, type SendingServer } from './request-for-worker.ts';
import type { ServerClass } from './server-class.ts';
import type { ReloadOptions, WorkerServer } from './worker-server-class.ts';
import type { WorkerSetup } from './worker-setup.ts';

/** What the two mixins find in the class that {@link WorkerMixIn} gives them. */
export interface ServerWithWorkers extends WorkerServer {
  /** The numbers of the threads or processes. */
  readonly workerIds: readonly number[];
}

const reloadRules: OptionRules<ReloadOptions> = { drainMs: milliseconds };

/** The common part of the mixins whose handlers run in workers. */
export function WorkerMixIn(
  Server: ServerClass,
): ServerClass & (new (setup: WorkerSetup) => ServerWithWorkers) {
  abstract class WithWorkers extends Server {
    readonly blockOnClose: boolean;
    readonly #setup: WorkerSetup;
    readonly #pool: WorkerPool;
    readonly #sender: SendingServer;
    /** Errors of handlers that only say that their clients went away. */
    readonly #peerGone = new WeakSet<object>();
    /** How requests will end that workers have taken themselves. */
    readonly #distant = new WeakMap<object, Promise<Outcome>>();
    /** What workers bind that start now: only `serveForever()` lets them receive. */
    #ownSocket: OwnSocket | undefined;
    #closing: Promise<void> | undefined;
    readonly #reloadSignal: ReloadSignal;

    // oxlint-disable-next-line typescript/no-explicit-any -- TypeScript wants it of mixins (TS2545)
    constructor(...args: any[]) {
      const [setup] = args as [WorkerSetup];
      super(...setup.serverArguments);
      this.#setup = setup;
      this.blockOnClose = setup.blockOnClose;
      this.#reloadSignal = new ReloadSignal(setup.reloadSignal, () => this.reload());
      this.#sender = {
        teller: this.teller,
        pack: (taken, target, remote, crossing) => this.packRequest(taken, target, remote, crossing),
        closed: (request) => this.remoteRequestClosed(request),
      };
      const workers = this.workerBinding() === undefined ? setup.workers : withOwnSockets(setup.workers);
      this.#pool = new WorkerPool(workers, {
        serverAddress: () => this.serverAddress as SocketAddress,
        keepsProcessAlive: setup.keepsProcessAlive,
        workerStart: () => ({
          handler: setup.handler,
          serverAddress: this.serverAddress as SocketAddress,
          workerData: this.workerData,
          engine: this.engine,
          connections: this.#connectionSetup(),
          socket: this.#ownSocket,
        }),
        servedOwn: (requests) => {
          this.servedByWorker(requests);
          for (const { error, fault, ...datagram } of requests.failed) {
            this.#ownFailed(datagram, { error: reviveError(error), fault });
          }
        },
        lostOwn: (datagrams, { error, untold }) => {
          this.counts.failed += untold;
          for (const datagram of datagrams) this.#ownFailed(datagram, { error });
        },
        lending: {
          listener: () => this.#lendableListener(),
          lent: () => this.lendIntake(),
          takenBack: (next) => this.takeIntakeBack(next),
        },
        lent: {
          counts: this.counts,
          get isWatched() {
            return areRequestsWatched();
          },
        },
        adopt: (lent, join) => this.#adopt(lent, join),
        sendDatagram: (bytes, address, from) => this.sendDatagram(bytes, address, from),
        shutdown: () => this.shutdown(),
        waitingChanged: () => this.pendingChanged(),
        poolFailed: (error) => this.fail(error),
        workerLost: (event) => this.handleWorkerLost(event),
      });
    }

    /** Hands the request over and returns; how it ended is learned later. */
    override processRequest(request: unknown, clientAddress: SocketAddress): Promise<void> | void {
      void this.runRequest(request, clientAddress);
    }

    /** Has a worker serve the request. @throws what the handler threw there. */
    override async finishRequest(request: unknown, clientAddress: SocketAddress): Promise<void> {
      const outcome = await (this.#distant.get(request as object) ??
        this.#pool.serve(new RequestForWorker(request, clientAddress, this.#sender)));
      if (outcome.bytesWritten !== undefined) this.teller.sent(request, outcome.bytesWritten);
      this.#throwError(outcome, clientAddress);
    }

    /** The constructor under this one calls it too, before anything here is set. */
    override serverBind(): void {
      if (this.workerBinding() !== undefined) refuseUnseenHooks(this, WithWorkers.prototype);
      super.serverBind();
    }

    override stats(): ServerStats {
      const workers = this.#pool.stats(); // first, since it takes what they have written down
      return { ...super.stats(), waiting: this.#pool.waiting, workers };
    }

    async reload(options?: ReloadOptions): Promise<void> {
      const { drainMs = Infinity } = checkOptions(options, reloadRules, {
        action: 'Cannot reload',
        path: 'options',
      });
      await this.whileReloading(() => this.#pool.reload(drainMs));
    }

    override serverClose(): Promise<void> {
      this.#closing ??= this.#closeAll();
      return this.blockOnClose ? this.#closing : Promise.resolve();
    }

    /** Learns that a worker is gone: prints why, where no request will tell it or a crash loop is slowed down. */
    handleWorkerLost({ serverAddress, error, lostRequests, retryMs }: WorkerLostEvent): void {
      if (retryMs === Infinity || (retryMs === 0 && lostRequests.length > 0)) return;
      const next = retryMs === 0 ? '' : `; the next one starts in ${retryMs} ms`;
      process.stderr.write(formatFailure(`the workers of ${formatAddress(serverAddress)}${next}`, error));
    }

    /** The numbers of the threads or processes. */
    get workerIds(): readonly number[] {
      return this.#pool.workerIds;
    }

    protected override get servesInWorkers(): boolean {
      return true;
    }

    protected override get drainHoldsProcess(): boolean {
      return this.#setup.keepsProcessAlive;
    }

    protected override get maxActiveRequests(): number {
      const capacity = this.takesBeyondCapacity ? Infinity : this.#pool.capacity;
      return Math.min(super.maxActiveRequests, capacity);
    }

    protected override get pendingRequests(): number {
      return #pool in this ? this.#pool.waiting : 0;
    }

    /** Constructors under this one have it called too, before there is a pool, or any private method. */
    static #endLoan(server: WithWorkers): void {
      if (#pool in server) server.#pool.endLoan();
    }

    override shutdown(): Promise<void> {
      WithWorkers.#endLoan(this);
      return super.shutdown();
    }

    protected override fail(error: unknown): void {
      WithWorkers.#endLoan(this);
      super.fail(error);
    }

    protected override termsChanged(): void {
      super.termsChanged();
      WithWorkers.#endLoan(this);
    }

    protected override takingChanged(isTaking: boolean): void {
      if (!isTaking) WithWorkers.#endLoan(this);
      super.takingChanged(isTaking);
      if (isTaking) {
        this.#receiveInWorkers();
      } else {
        this.#ownSocket = undefined;
        this.#pool.stopReceiving();
      }
    }

    protected override loopBegins(action: 'serveForever' | 'handleRequest'): void {
      refuseServerInWorker('Cannot start workers', this.#setup.handler);
      super.loopBegins(action);
      this.#pool.start();
      this.#reloadSignal.listen();
    }

    protected override connectionSetupChanged(): void {
      if (#pool in this) this.#pool.setUp({ type: 'setup', connections: this.#connectionSetup() });
    }

    protected override isPeerGone(request: unknown, error: unknown): boolean {
      const isObject = typeof error === 'object' && error !== null;
      return (isObject && this.#peerGone.has(error)) || super.isPeerGone(request, error);
    }

    protected override closeSource(source: RequestSource, drained: Promise<void>): Promise<void> {
      this.#ownSocket = undefined;
      WithWorkers.#endLoan(this);
      const ownRequests = { place: -1, interrupt: () => {}, reset: () => this.connectionClosed(ownRequests) };
      this.connectionOpened(ownRequests); // for all of them, so that the drain waits
      void this.#pool.interrupt(this.timeouts.drainMs).then(() => this.connectionClosed(ownRequests));
      return super.closeSource(source, drained);
    }

    #connectionSetup(): ConnectionSetup {
      const { requestsPerWorker } = this.#setup.workers;
      return { ...this.connectionSetup(), requestsPerWorker };
    }

    /** What threads may take clients from themselves; `undefined` where somebody here has to see each of them. */
    #lendableListener(): Listener | undefined {
      if (!this.isTaking || areRequestsWatched()) return undefined;
      return firstOwnHook(this, hooksOfConnections(WithWorkers.prototype)) === undefined
        ? this.plainListener
        : undefined;
    }

    /** A thread has taken a request itself, and somebody wants to know more of it. */
    #adopt({ number, clientAddress, isUntold, isRunning }: LentRequest, join: JoinPool): void {
      const request = this.acceptedInWorker(number, clientAddress);
      const ended = join(new RequestForWorker(request, clientAddress, this.#sender));
      if (!isRunning) return; // it was served, and counted: only its connection is open
      this.#distant.set(request as object, ended);
      if (isUntold) this.teller.accepted(request, clientAddress);
      void this.runRequest(request, clientAddress);
    }

    #receiveInWorkers(): void {
      const binding = this.workerBinding();
      if (binding === undefined) return;
      refuseUnseenHooks(this, WithWorkers.prototype); // also those that an object was given since
      const { requestsPerWorker } = this.#setup.workers;
      this.#ownSocket = { binding, maxRunning: Math.min(requestsPerWorker, binding.options.maxPending) };
      this.#pool.receive(this.#ownSocket);
    }

    #ownFailed(datagram: PlainDatagram, { error, fault }: Outcome): void {
      const [request, clientAddress] = this.unpackRequest(datagram) as TakenRequest<unknown, SocketAddress>;
      this.#noteFault(error, fault);
      void this.failedInWorker(request, clientAddress, error);
    }

    async #closeAll(): Promise<void> {
      try {
        await super.serverClose();
      } finally {
        this.#reloadSignal.stop();
        await this.#pool.close();
        this.tellClosed();
      }
    }

    #throwError({ error, fault }: Outcome, clientAddress: SocketAddress): void {
      if (fault === 'handshake') {
        this.teller.handshakeFailed(clientAddress, error as Error);
        throw new PreparationFailed('The TLS handshake failed', { cause: error });
      } else if (error !== undefined) {
        this.#noteFault(error, fault);
        throw error;
      }
    }

    #noteFault(error: unknown, fault: Outcome['fault']): void {
      if (fault === 'peer-gone' && typeof error === 'object' && error !== null) this.#peerGone.add(error);
    }
  }
  return WithWorkers as unknown as ServerClass & (new (setup: WorkerSetup) => ServerWithWorkers);
}
