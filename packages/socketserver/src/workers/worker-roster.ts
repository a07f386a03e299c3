import type { SocketAddress } from '../address/socket-address.ts';
import { workerStartedChannel, type WorkerLostEvent } from '../diagnostics/worker-events.ts';
import type { WorkerLossReason } from '../errors/worker-errors.ts';
import { reviveError } from './error-transfer.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { WorkerStart } from './messages/worker-start.ts';
import type { PlainDatagram } from './own-requests.ts';
import { PooledWorker, type WorkerParts } from './pooled-worker.ts';
import { IdleWatch } from './idle-watch.ts';
import { ProcessWorker } from './process-worker.ts';
import { RequestDurations } from './request-durations.ts';
import { Replacements } from './replacements.ts';
import { areEnoughStarting, startTurnMs } from './starts-at-once.ts';
import { ThreadWorker } from './thread-worker.ts';
import type { WorkerExit, WorkerListener } from './worker.ts';
import { isHandlerModuleError } from './worker-loss.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';

/** How long a worker may take to load its handler. */
const startMs = 30_000;

/** How long a worker may take to exit when it was asked to. */
const exitMs = 1_000;

/** How datagrams were lost that a worker took itself. */
export interface OwnLoss {
  readonly error: Error;
  /** How many are lost besides, of which the worker could not tell more. */
  readonly untold: number;
}

/** Who has the workers of a roster do something. */
export interface RosterOwner {
  /** What a worker that starts now must know. */
  workerStart(): Omit<WorkerStart, 'ordinal'>;
  /** Whether workers keep this process alive. */
  readonly keepsProcessAlive: boolean;
  /** What becomes of requests that workers take themselves. */
  readonly lent: WorkerParts['lent'];
  /** A worker is to be given nothing more. */
  leaves(pooled: PooledWorker): void;
  /** A worker said something that the roster itself has no use for. */
  received(pooled: PooledWorker, message: FromWorker): void;
  /** A worker has become ready. */
  ready(pooled: PooledWorker): void;
  /** There may be time for waiting requests: a worker has finished some, or may be started. */
  changed(): void;
  /** Datagrams that a worker took itself are lost with it. */
  lostOwn(datagrams: readonly PlainDatagram[], loss: OwnLoss): void;
  /** No worker can be had. */
  failed(error: Error): void;
  /** A worker is gone that was not meant to go. */
  lost(event: Omit<WorkerLostEvent, 'serverAddress'>): void;
  serverAddress(): SocketAddress;
}

/** The workers of a pool: their starts, replacements and ends. */
export class WorkerRoster {
  readonly workers = new Set<PooledWorker>();
  /** How long the requests of all of them take. */
  readonly durations = new RequestDurations();
  readonly #options: ResolvedWorkerOptions;
  readonly #owner: RosterOwner;
  readonly #replacements = new Replacements();
  readonly #idleWatch: IdleWatch;
  #isClosed = false;
  #hasEverStarted = false;
  #lastOrdinal = 0;
  #startsGoOn: NodeJS.Timeout | undefined;
  #nowEmpty: (() => void) | undefined;

  constructor(options: ResolvedWorkerOptions, owner: RosterOwner) {
    this.#options = options;
    this.#owner = owner;
    const idleTooLong = (pooled: PooledWorker): void => this.retire(pooled, Infinity);
    this.#idleWatch = new IdleWatch(options, { alive: () => this.alive, idleTooLong });
  }

  /** Whether a worker may be started now: not while crashes are backed off from. */
  get canStart(): boolean {
    return !this.#isClosed && !this.#replacements.areHeldBack;
  }

  /** Workers that serve requests, or are about to. */
  get alive(): PooledWorker[] {
    return [...this.workers].filter(({ state }) => state === 'starting' || state === 'ready');
  }

  /** Whether a further start would only hold up those that are under way. */
  get isBusyStarting(): boolean {
    return areEnoughStarting(this.alive, { cores: this.#options.cores, now: performance.now() });
  }

  /** Starts workers until there are as many as are always kept, some at a time. */
  keepMinimum(): void {
    while (this.canStart && this.alive.length < this.#options.min) {
      if (this.isBusyStarting) {
        this.#startsGoOn ??= setTimeout(() => {
          this.#startsGoOn = undefined;
          this.keepMinimum();
        }, startTurnMs).unref();
        return;
      }
      this.start();
    }
  }

  /** @param isTrial - somebody waits for it, and learns why it could not start; nobody else does. */
  start({ isTrial = false }: { readonly isTrial?: boolean } = {}): PooledWorker {
    const { kind } = this.#options;
    this.#lastOrdinal += 1;
    const workerStart = { ...this.#owner.workerStart(), ordinal: this.#lastOrdinal };
    const pooled = new PooledWorker(workerStart, {
      restarts: this.#replacements.take(),
      requestsPerWorker: this.#options.requestsPerWorker,
      durations: this.durations,
      lent: this.#owner.lent,
      create: (start, listener) =>
        kind === 'thread'
          ? new ThreadWorker(start, this.#options, listener)
          : new ProcessWorker(start, this.#options, listener),
      listener: (pooled) => this.#listener(pooled),
    });
    pooled.isTrial = isTrial;
    this.workers.add(pooled);
    if (!this.#owner.keepsProcessAlive) pooled.worker.setRef(false);
    const deadline = setTimeout(() => pooled.tooSlow(startMs), startMs).unref();
    const settled = (): void => clearTimeout(deadline);
    pooled.started.then(settled, settled);
    return pooled;
  }

  /**
   * Gives a worker nothing more, and lets it go when its requests have ended.
   *
   * @param drainMs - when to end those that are left; they are told at once, unless it is `Infinity`.
   */
  retire(pooled: PooledWorker, drainMs: number): void {
    if (pooled.state === 'starting') this.end(pooled, 'closed');
    if (pooled.state !== 'ready') return;
    this.#owner.leaves(pooled);
    pooled.state = 'retiring';
    pooled.socket.stopReceiving(true);
    if (isDone(pooled)) {
      this.#dismiss(pooled);
    } else if (drainMs !== Infinity) {
      pooled.worker.send({ type: 'interrupt', id: undefined, drainMs });
      setTimeout(() => this.end(pooled, 'closed'), Math.min(drainMs, 2 ** 31 - 1)).unref();
    }
  }

  /** Takes what the workers have written down. */
  takeReports(): void {
    for (const pooled of this.workers) if (this.#takeReports(pooled)) this.#review(pooled);
  }

  /** Ends a worker at once, whatever it does. */
  end(pooled: PooledWorker, reason: WorkerLossReason): void {
    if (pooled.state === 'gone') return;
    this.#owner.leaves(pooled);
    pooled.endReason ??= reason;
    pooled.worker.terminate();
  }

  /** Ends all. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#replacements.stop();
    clearTimeout(this.#startsGoOn);
    this.#idleWatch.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#nowEmpty = resolve;
    for (const pooled of this.workers) {
      if (pooled.state === 'ready' && isDone(pooled)) this.retire(pooled, Infinity);
      else if (pooled.state !== 'retiring' || !isDone(pooled)) this.end(pooled, 'closed');
    }
    if (this.workers.size > 0) await promise;
  }

  #listener(pooled: PooledWorker): WorkerListener {
    return {
      received: (message) => this.#received(pooled, message),
      exited: (exit) => this.#exited(pooled, exit),
    };
  }

  /** @returns whether there was news. */
  #takeReports(pooled: PooledWorker): boolean {
    const ended = pooled.takeReports();
    if (ended !== undefined && ended > 0) this.#replacements.recovered();
    return ended !== undefined;
  }

  #received(pooled: PooledWorker, message: FromWorker): void {
    const hasNews = this.#takeReports(pooled);
    switch (message.type) {
      case 'ready':
        this.#ready(pooled);
        return;
      case 'failed':
        pooled.loadError = reviveError(message.error);
        pooled.worker.terminate();
        return;
      case 'stopped':
        pooled.socket.stoppedReceiving();
        this.#review(pooled);
        this.#owner.changed();
        return;
      case 'leaving':
        pooled.leaving = message.running;
        return;
      case 'crashing':
        return; // its exit follows, and tells what to start
      case 'report':
        if (pooled.reported(message) > 0) this.#replacements.recovered();
        if (message.own !== undefined) this.#owner.received(pooled, message);
        this.#review(pooled);
        if (message.isAnswer) this.#owner.received(pooled, { type: 'pong' });
        else this.#owner.changed();
        return;
      default:
        if (hasNews) this.#review(pooled);
        this.#owner.received(pooled, message);
    }
  }

  #ready(pooled: PooledWorker): void {
    this.#hasEverStarted = true;
    pooled.ready();
    if (workerStartedChannel.hasSubscribers) {
      const { kind, id } = pooled.worker;
      workerStartedChannel.publish({ serverAddress: this.#owner.serverAddress(), kind, worker: id });
    }
    const outdated = [...this.workers].find(({ isOutdated, state }) => isOutdated && state === 'ready');
    if (outdated !== undefined) this.retire(outdated, Infinity);
    this.keepMinimum();
    this.#idleWatch.start();
    this.#owner.ready(pooled);
  }

  /** After a request: lets a worker go that has served its time, or whose last request this was. */
  #review(pooled: PooledWorker): void {
    if (pooled.state === 'retiring' && isDone(pooled)) this.#dismiss(pooled);
    if (pooled.state !== 'ready') return;
    if (
      !pooled.isOutdated &&
      this.canStart &&
      !this.isBusyStarting &&
      pooled.hasServedItsTime(this.#options)
    ) {
      pooled.isOutdated = true;
      this.start();
    }
    if (!pooled.hasWork) this.#idleWatch.start();
  }

  #dismiss(pooled: PooledWorker): void {
    pooled.worker.send({ type: 'exit' });
    const timer = setTimeout(() => this.end(pooled, 'closed'), exitMs);
    const settled = (): void => clearTimeout(timer);
    void pooled.gone.then(settled);
  }

  #exited(pooled: PooledWorker, exit: WorkerExit): void {
    if (!this.workers.has(pooled)) return;
    this.#takeReports(pooled); // with no look at what to do with it: it is gone
    this.#owner.leaves(pooled);
    this.workers.delete(pooled);
    const { state } = pooled;
    const lost = [...pooled.clientAddresses, ...pooled.leaving.map(({ clientAddress }) => clientAddress)];
    const lostOwn = pooled.socket.running;
    const error = pooled.exited(exit);
    const untold = Math.max(0, lostOwn - pooled.leaving.length);
    if (lostOwn > 0) this.#owner.lostOwn(pooled.leaving, { error, untold });
    const isCrash =
      !this.#isClosed &&
      !(state === 'starting' && pooled.isTrial) &&
      (state !== 'retiring' || lost.length > 0) &&
      pooled.endReason !== 'closed';
    const wasKilled = exit.signal === 'SIGKILL' && pooled.loadError === undefined; // else this pool has done it
    if (isCrash) this.#crashed(pooled, { error, wasKilled }, lost);
    if (this.workers.size === 0) this.#nowEmpty?.();
    if (!this.#isClosed) this.#owner.changed();
  }

  /** @param wasKilled - from outside, as by the kernel that is out of memory, which says nothing about the handler's module. */
  #crashed(
    pooled: PooledWorker,
    { error, wasKilled }: { readonly error: Error; readonly wasKilled: boolean },
    lostRequests: WorkerLostEvent['lostRequests'],
  ): void {
    const cannotLoad = isHandlerModuleError(error) && !wasKilled;
    const isHopeless =
      !this.#hasEverStarted || (cannotLoad && this.alive.every(({ state }) => state !== 'ready'));
    const retryMs = isHopeless ? Infinity : this.#replacements.crashed(lostRequests.length > 0);
    const { kind, id } = pooled.worker;
    this.#owner.lost({ kind, worker: id, error, lostRequests, retryMs });
    if (isHopeless) {
      this.#owner.failed(error);
      return;
    }
    this.#replacements.add(pooled.restarts + 1);
    if (retryMs === 0) {
      this.keepMinimum();
      return;
    }
    this.#replacements.holdBack(retryMs, () => {
      this.keepMinimum();
      this.#owner.changed();
    });
  }
}

/** Whether nothing is left for a worker to do. */
function isDone(pooled: PooledWorker): boolean {
  return !pooled.hasWork && pooled.socket.isQuiet;
}
