import type { PooledWorker } from './pooled-worker.ts';

/** How long an event loop may not answer before its worker counts as blocked. */
const blockedAfterMs = 100;

/** What an {@link AnswerWatch} looks after, and tells. */
export interface WatchedWorkers {
  readonly workers: Iterable<PooledWorker>;
  /** Milliseconds without an answer after which a worker is to be replaced. */
  readonly blockedMs: number;
  /** A worker does not answer. Called once, until it answers again. */
  blocked(pooled: PooledWorker): void;
  /** A worker has not answered for `blockedMs`. */
  blockedTooLong(pooled: PooledWorker): void;
}

/**
 * Finds workers whose event loops do not answer. It looks only while there is a question open, or while requests run
 * that `blockedMs` limits, as those of a worker with a socket of its own may at any time: else an idle pool has no
 * timer.
 */
export class AnswerWatch {
  readonly #watched: WatchedWorkers;
  #timer: NodeJS.Timeout | undefined;

  constructor(watched: WatchedWorkers) {
    this.#watched = watched;
  }

  /** Looks soon. */
  start(): void {
    const intervalMs = Math.min(blockedAfterMs, Math.max(10, this.#watched.blockedMs / 2));
    this.#timer ??= setTimeout(() => this.#look(), intervalMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const { workers, blockedMs } = this.#watched;
    const now = performance.now();
    let goesOn = false;
    for (const pooled of workers) {
      const mayBlock = pooled.active > 0 || (pooled.socket.isOpen && pooled.state === 'ready');
      if (blockedMs !== Infinity && mayBlock) {
        pooled.ask();
        goesOn = true;
      }
      if (pooled.askedAt === undefined) continue;
      const waitedMs = now - pooled.askedAt;
      if (waitedMs >= blockedMs) {
        this.#watched.blockedTooLong(pooled);
      } else if (waitedMs < blockedAfterMs) {
        goesOn = true;
      } else if (!pooled.isBlocked) {
        pooled.isBlocked = true;
        this.#watched.blocked(pooled);
      }
    }
    if (goesOn) this.start();
  }
}
