/**
 * How many may come by now: so many a second on average, and after a pause as many at once, one at least. Times are
 * milliseconds of one clock.
 */
export class TokenBucket {
  #perMs: number;
  #tokens: number;
  #filledAt: number;

  /** Begins full. @param perSecond - above 0, and finite. */
  constructor(perSecond: number, now: number) {
    this.#perMs = perSecond / 1_000;
    this.#filledAt = now;
    this.#tokens = this.#capacity;
  }

  /** Takes another rate, from now on. */
  change(perSecond: number, now: number): void {
    this.#fill(now);
    this.#perMs = perSecond / 1_000;
    this.#tokens = Math.min(this.#tokens, this.#capacity);
  }

  /** Whether one may come now. */
  has(now: number): boolean {
    if (this.#tokens >= 1) return true;
    this.#fill(now);
    return this.#tokens >= 1;
  }

  /** One has come. */
  take(now: number): void {
    this.#fill(now);
    this.#tokens -= 1;
  }

  /** One that has come does not count. */
  giveBack(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + 1);
  }

  /** When {@link has} will be true, at the earliest. */
  msUntilNext(now: number): number {
    this.#fill(now);
    return Math.max(0, Math.ceil((1 - this.#tokens) / this.#perMs));
  }

  get #capacity(): number {
    return Math.max(1, this.#perMs * 1_000);
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
  }
}
