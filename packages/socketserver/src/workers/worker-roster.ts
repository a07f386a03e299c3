import type { SocketAddress } from '../address/socket-address.ts';
import {
  workerLostChannel,
  workerStartedChannel,
  type WorkerLostEvent,
} from '../diagnostics/worker-events.ts';
import type { WorkerLossReason } from '../errors/worker-errors.ts';
import { reviveError } from './error-transfer.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { PlainDatagram } from './own-requests.ts';
import type { PooledWorker } from './pooled-worker.ts';
import { IdleWatch } from './idle-watch.ts';
import { RequestDurations } from './request-durations.ts';
import type { WorkerExit, WorkerListener } from './worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import { type StartingServer, type StartsParts, WorkerStarts } from './worker-starts.ts';

/** How long a worker may take to exit when it was asked to. */
const exitMs = 1_000;

/** How datagrams were lost that a worker took itself. */
export interface OwnLoss {
  readonly error: Error;
  /** How many are lost besides, of which the worker could not tell more. */
  readonly untold: number;
}

/** Whose workers they are. */
export interface RosterServer extends StartingServer {
  serverAddress(): SocketAddress;
  /** Datagrams that a worker received itself are lost with it. */
  lostOwn(datagrams: readonly PlainDatagram[], loss: OwnLoss): void;
  /** A worker is gone that was not meant to go. */
  workerLost(event: WorkerLostEvent): void;
}

/** Who has the workers of a roster do something. */
export interface RosterOwner extends Pick<StartsParts, 'adopt'> {
  readonly server: RosterServer;
  /** A worker is to be given nothing more. */
  leaves(pooled: PooledWorker): void;
  /** A worker said something that the roster itself has no use for. */
  received(pooled: PooledWorker, message: FromWorker): void;
  /** A worker has become ready. */
  ready(pooled: PooledWorker): void;
  /** There may be time for waiting requests: a worker has finished some, or may be started. */
  changed(): void;
  /** No worker can be had. */
  failed(error: Error): void;
}

/** The workers of a pool: their starts, replacements and ends. */
export class WorkerRoster {
  readonly workers = new Set<PooledWorker>();
  /** How long the requests of all of them take. */
  readonly durations = new RequestDurations();
  readonly #options: ResolvedWorkerOptions;
  readonly #owner: RosterOwner;
  readonly #starts: WorkerStarts;
  readonly #idleWatch: IdleWatch;
  #isClosed = false;
  #nowEmpty: (() => void) | undefined;

  constructor(options: ResolvedWorkerOptions, owner: RosterOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#starts = new WorkerStarts(options, {
      server: owner.server,
      durations: this.durations,
      alive: () => this.alive,
      adopt: (pooled, lent) => owner.adopt(pooled, lent),
      listener: (pooled) => this.#listener(pooled),
      begun: (pooled) => this.workers.add(pooled),
      resumed: () => owner.changed(),
    });
    const idleTooLong = (pooled: PooledWorker): void => this.retire(pooled, Infinity);
    this.#idleWatch = new IdleWatch(options, { alive: () => this.alive, idleTooLong });
  }

  /** Whether a worker may be started now: not while crashes are backed off from. */
  get canStart(): boolean {
    return this.#starts.areAllowed;
  }

  /** Workers that serve requests, or are about to. */
  get alive(): PooledWorker[] {
    return [...this.workers].filter(({ state }) => state === 'starting' || state === 'ready');
  }

  /** Whether a further start would only hold up those that are under way. */
  get isBusyStarting(): boolean {
    return this.#starts.areEnough;
  }

  /** Starts workers until there are as many as are always kept, some at a time. */
  keepMinimum(): void {
    this.#starts.keepMinimum();
  }

  /** @param isTrial - somebody waits for it, and learns why it could not start; nobody else does. */
  start(options?: { readonly isTrial?: boolean }): PooledWorker {
    return this.#starts.begin(options);
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
    this.#starts.stop();
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
    if (ended !== undefined && ended > 0) this.#starts.recovered();
    return ended !== undefined;
  }

  #received(pooled: PooledWorker, message: FromWorker): void {
    const hasNews = this.#takeReports(pooled);
    switch (message.type) {
      case 'ready':
        this.#ready(pooled);
        return;
      case 'failed':
        pooled.cannotLoad(reviveError(message.error));
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
        if (pooled.reported(message) > 0) this.#starts.recovered();
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
    this.#starts.succeeded();
    pooled.ready();
    if (workerStartedChannel.hasSubscribers) {
      const { kind, id } = pooled.worker;
      workerStartedChannel.publish({ serverAddress: this.#owner.server.serverAddress(), kind, worker: id });
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
    if (lostOwn > 0) this.#owner.server.lostOwn(pooled.leaving, { error, untold });
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

  #crashed(
    pooled: PooledWorker,
    { error, wasKilled }: { readonly error: Error; readonly wasKilled: boolean },
    lostRequests: WorkerLostEvent['lostRequests'],
  ): void {
    const retryMs = this.#starts.crashed(error, { wasAtWork: lostRequests.length > 0, wasKilled });
    this.#tellLost(pooled, { error, lostRequests, retryMs });
    if (retryMs === Infinity) this.#owner.failed(error);
    else this.#starts.replace(pooled, retryMs);
  }

  #tellLost(
    { worker: { kind, id } }: PooledWorker,
    loss: Pick<WorkerLostEvent, 'error' | 'lostRequests' | 'retryMs'>,
  ): void {
    const { server } = this.#owner;
    const event: WorkerLostEvent = { serverAddress: server.serverAddress(), kind, worker: id, ...loss };
    if (workerLostChannel.hasSubscribers) workerLostChannel.publish(event);
    server.workerLost(event);
  }
}

/** Whether nothing is left for a worker to do. */
function isDone(pooled: PooledWorker): boolean {
  return !pooled.hasWork && pooled.socket.isQuiet;
}
