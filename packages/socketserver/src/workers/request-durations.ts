/** A request that takes as long as the start of a worker does is worth a worker of its own. */
const longMs = 100;

/** How much the requests before count when one more has ended. */
const decay = 7 / 8;

/** Requests of one worker that are looked at: those that it has served longest. */
const lookedAt = 8;

/** A worker, as far as its requests' times go. */
interface Serving {
  countBegunBy(time: number, most: number): number;
}

/** Remembers whether the requests of a pool mostly are over soon. */
export class RequestDurations {
  #short = 0;
  #long = 0;

  /** A request has ended, which took so many milliseconds. */
  ended(ms: number): void {
    this.#short *= decay;
    this.#long *= decay;
    if (ms < longMs) this.#short += 1;
    else this.#long += 1;
  }

  /** Whether most requests take long: of those that ended of late, and those that have run for long. As long as nobody knows they do. */
  areLong(workers: Iterable<Serving>): boolean {
    const before = performance.now() - longMs;
    let long = this.#long;
    for (const worker of workers) long += worker.countBegunBy(before, lookedAt);
    return long >= this.#short;
  }
}
