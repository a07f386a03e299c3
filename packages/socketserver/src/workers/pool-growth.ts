import type { PooledWorker } from './pooled-worker.ts';
import type { RequestDurations } from './request-durations.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';

/** How long one of many short requests waits before a worker is started for it: one that is there may be free sooner. */
const patienceMs = 50;

/** A request that waits for a worker to start goes to one that is there after this time. */
const longestHoldMs = 3_000;

/** What waits for a worker. */
export interface Waiting {
  /** Requests. */
  readonly count: number;
  /** Milliseconds for which the first of them has waited. */
  readonly forMs: number;
}

/** The workers of a pool, as far as their number goes. */
export interface GrowingWorkers {
  /** Workers that serve requests, or are about to. */
  readonly alive: readonly Pick<PooledWorker, 'state' | 'hasRoom' | 'isBlocked' | 'countBegunBy'>[];
  /** Whether a worker may be started now. */
  readonly canStart: boolean;
  /** Whether a further start would only hold up those that are under way. */
  readonly isBusyStarting: boolean;
  /** How long requests take. */
  readonly durations: RequestDurations;
  start(): void;
}

/**
 * Decides when a pool starts further workers.
 *
 * A start costs as much as a hundred small requests, so it must be worth it: where requests mostly are over soon, one
 * that waits gets a worker that becomes free, and a further one starts only when it has waited for a while. Where they
 * last, each that waits gets a worker of its own, as far as the limits allow. No more workers start at once than there
 * are cores, since they would only hold each other up.
 */
export class PoolGrowth {
  readonly #options: ResolvedWorkerOptions;
  readonly #workers: GrowingWorkers;

  constructor(options: ResolvedWorkerOptions, workers: GrowingWorkers) {
    this.#options = options;
    this.#workers = workers;
  }

  /**
   * Whether a request had better wait for a worker of its own than share one that has others. Connections stay where
   * they are put, so those that last are spread over the cores before they share any.
   */
  isWorthWaiting({ forMs }: Waiting): boolean {
    const { max, cores } = this.#options;
    const { alive, canStart, durations } = this.#workers;
    const spread = Math.min(max, cores);
    const isComing = alive.length <= spread && alive.some(({ state }) => state === 'starting');
    const mayCome = alive.length < spread && canStart;
    return (isComing || mayCome) && forMs < longestHoldMs && durations.areLong(alive);
  }

  /** Starts what is worth it. @returns whether to ask again a little later, when it may be worth more. */
  review({ count, forMs }: Waiting): boolean {
    if (count === 0 || !this.#workers.canStart) return false;
    const { alive, durations } = this.#workers;
    const missing = this.#limit - alive.length;
    if (missing <= 0) return false;
    const starting = alive.filter(({ state }) => state === 'starting').length;
    const wanted = durations.areLong(alive) ? count : forMs >= patienceMs ? 1 : 0;
    let left = Math.min(wanted - starting, missing);
    for (; left > 0 && !this.#workers.isBusyStarting; left -= 1) this.#workers.start();
    return true;
  }

  /** Workers at most: those that share their requests make no more than there are cores, as long as one of them is of use. */
  get #limit(): number {
    const { max, cores, requestsPerWorker } = this.#options;
    if (requestsPerWorker === 1) return max;
    const isOfUse = this.#workers.alive.some((pooled) => pooled.hasRoom && !pooled.isBlocked);
    return isOfUse ? Math.min(max, cores) : max;
  }
}
