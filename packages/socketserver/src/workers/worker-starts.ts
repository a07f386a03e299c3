import type { LentOwner, LentRequest } from './lent-requests.ts';
import type { WorkerStart } from './messages/worker-start.ts';
import type { PooledRequest } from './pooled-request.ts';
import { PooledWorker } from './pooled-worker.ts';
import { ProcessWorker } from './process-worker.ts';
import { Replacements } from './replacements.ts';
import type { RequestDurations } from './request-durations.ts';
import { areEnoughStarting, startTurnMs } from './starts-at-once.ts';
import { ThreadWorker } from './thread-worker.ts';
import type { WorkerListener } from './worker.ts';
import { isHandlerModuleError, slowStartError } from './worker-loss.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';

/** How long a worker may take to load its handler. */
const startMs = 30_000;

/** The server that workers start for. */
export interface StartingServer {
  /** What a worker that starts now must know. */
  workerStart(): Omit<WorkerStart, 'ordinal'>;
  /** Whether workers keep this process alive. */
  readonly keepsProcessAlive: boolean;
  /** What becomes of requests that workers take themselves. */
  readonly lent: LentOwner;
}

/** What {@link WorkerStarts} work with. */
export interface StartsParts {
  readonly server: StartingServer;
  /** Learns how long requests take. */
  readonly durations: RequestDurations;
  /** Workers that serve requests, or are about to. */
  readonly alive: () => readonly PooledWorker[];
  /** Makes a request like any other of one that a worker took itself. */
  readonly adopt: (pooled: PooledWorker, lent: LentRequest) => PooledRequest;
  /** Gets everything that a worker says. */
  readonly listener: (pooled: PooledWorker) => WorkerListener;
  /** A worker is on its way. */
  readonly begun: (pooled: PooledWorker) => void;
  /** Workers may be started again, after crashes that were backed off from. */
  readonly resumed: () => void;
}

/** Starts the workers of a pool: those that are always kept, those that somebody asks for, and those in the place of others. */
export class WorkerStarts {
  readonly #options: ResolvedWorkerOptions;
  readonly #parts: StartsParts;
  readonly #replacements = new Replacements();
  #isStopped = false;
  #hasEverStarted = false;
  #lastOrdinal = 0;
  #nextTurn: NodeJS.Timeout | undefined;

  constructor(options: ResolvedWorkerOptions, parts: StartsParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Whether a worker may be started now: not while crashes are backed off from. */
  get areAllowed(): boolean {
    return !this.#isStopped && !this.#replacements.areHeldBack;
  }

  /** Whether a further start would only hold up those that are under way. */
  get areEnough(): boolean {
    return areEnoughStarting(this.#parts.alive(), { cores: this.#options.cores, now: performance.now() });
  }

  /** Starts workers until there are as many as are always kept, some at a time. */
  keepMinimum(): void {
    while (this.areAllowed && this.#parts.alive().length < this.#options.min) {
      if (this.areEnough) {
        this.#nextTurn ??= setTimeout(() => {
          this.#nextTurn = undefined;
          this.keepMinimum();
        }, startTurnMs).unref();
        return;
      }
      this.begin();
    }
  }

  /** @param isTrial - somebody waits for it, and learns why it could not start; nobody else does. */
  begin({ isTrial = false }: { readonly isTrial?: boolean } = {}): PooledWorker {
    const { server, durations, adopt, listener } = this.#parts;
    this.#lastOrdinal += 1;
    const workerStart = { ...server.workerStart(), ordinal: this.#lastOrdinal };
    const pooled = new PooledWorker(workerStart, {
      restarts: this.#replacements.take(),
      requestsPerWorker: this.#options.requestsPerWorker,
      durations,
      lent: server.lent,
      adopt,
      create: (start, listener) =>
        this.#options.kind === 'thread'
          ? new ThreadWorker(start, this.#options, listener)
          : new ProcessWorker(start, this.#options, listener),
      listener,
    });
    pooled.isTrial = isTrial;
    this.#parts.begun(pooled);
    if (!server.keepsProcessAlive) pooled.worker.setRef(false);
    const tooSlow = (): void => pooled.cannotLoad(slowStartError(workerStart.handler, startMs));
    const deadline = setTimeout(tooSlow, startMs).unref();
    const settled = (): void => clearTimeout(deadline);
    pooled.started.then(settled, settled);
    return pooled;
  }

  /** A worker has become ready, so the handler's module can be loaded. */
  succeeded(): void {
    this.#hasEverStarted = true;
  }

  /** A request was served: the next crash is a first one again. */
  recovered(): void {
    this.#replacements.recovered();
  }

  /**
   * A worker has crashed; {@link replace} follows, if there is hope.
   *
   * @param crash - whether it served requests; and whether it was killed from outside, as by the kernel that is out of
   *   memory, which says nothing about the handler's module.
   * @returns milliseconds to wait before the next start; `Infinity` where that would crash too.
   */
  crashed(
    error: Error,
    { wasAtWork, wasKilled }: { readonly wasAtWork: boolean; readonly wasKilled: boolean },
  ): number {
    const isReady = ({ state }: PooledWorker): boolean => state === 'ready';
    const cannotLoad = isHandlerModuleError(error) && !wasKilled;
    const isHopeless = !this.#hasEverStarted || (cannotLoad && !this.#parts.alive().some(isReady));
    return isHopeless ? Infinity : this.#replacements.crashed(wasAtWork);
  }

  /** Sees to it that there is another in the place of a worker that crashed. @param retryMs - of {@link crashed}. */
  replace({ restarts }: PooledWorker, retryMs: number): void {
    this.#replacements.add(restarts + 1);
    if (retryMs === 0) {
      this.keepMinimum();
      return;
    }
    this.#replacements.holdBack(retryMs, () => {
      this.keepMinimum();
      this.#parts.resumed();
    });
  }

  /** Nothing is started any more. */
  stop(): void {
    this.#isStopped = true;
    this.#replacements.stop();
    clearTimeout(this.#nextTurn);
  }
}
