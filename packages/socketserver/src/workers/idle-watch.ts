import type { PooledWorker } from './pooled-worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';

/** What an {@link IdleWatch} looks after, and tells. */
export interface IdleWorkers {
  /** Workers that serve requests, or are about to. */
  alive(): readonly PooledWorker[];
  /** A worker beyond the minimum has had nothing to do for `idleMs`. */
  idleTooLong(pooled: PooledWorker): void;
}

/** Finds workers beyond the minimum that have had nothing to do for `idleMs`. It has a timer only while there are such. */
export class IdleWatch {
  readonly #options: ResolvedWorkerOptions;
  readonly #watched: IdleWorkers;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: ResolvedWorkerOptions, watched: IdleWorkers) {
    this.#options = options;
    this.#watched = watched;
  }

  /** A worker has nothing to do any more. */
  start(): void {
    const { idleMs, min } = this.#options;
    if (idleMs === Infinity || this.#isStopped || this.#timer !== undefined) return;
    if (this.#watched.alive().length <= min) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(1, idleMs), 2 ** 31 - 1)).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    const { idleMs, min } = this.#options;
    const now = performance.now();
    const alive = this.#watched.alive();
    const idle = alive.filter(({ state, hasWork }) => state === 'ready' && !hasWork);
    const due = idle.filter(({ idleSince }) => now - idleSince >= idleMs);
    for (const pooled of due.slice(0, alive.length - min)) this.#watched.idleTooLong(pooled);
    if (idle.length > due.length) this.start();
  }
}
