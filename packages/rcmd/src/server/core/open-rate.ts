/** A bucket of starts, which fills up at the rate that is allowed, to one second's worth. */
export class OpenRate {
  #left: number | undefined;
  #at = performance.now();

  /** @returns milliseconds until there would be one; 0 where one was taken. */
  take(perSecond: number): number {
    if (perSecond === Infinity) return 0;
    const now = performance.now();
    const most = Math.max(1, perSecond);
    this.#left = Math.min(most, (this.#left ?? most) + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    if (this.#left < 1) return Math.ceil(((1 - this.#left) * 1_000) / perSecond);
    this.#left -= 1;
    return 0;
  }

  /** Whether it is as good as a new one. */
  isFull(perSecond: number, now = performance.now()): boolean {
    if (this.#left === undefined || perSecond === Infinity) return true;
    return this.#left + ((now - this.#at) * perSecond) / 1_000 >= Math.max(1, perSecond);
  }
}
