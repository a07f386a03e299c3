/**
 * One re-usable deadline. Arming it again and again costs a clock reading: the timer underneath is left to run
 * and looks at the newest deadline when it fires. It never keeps the process alive.
 */
export class Deadline {
  #expire: (() => void) | undefined;
  #at = 0;
  #firesAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expire` in `ms` milliseconds, unless disarmed or armed anew before. */
  arm(ms: number, expire: () => void): void {
    this.#expire = expire;
    this.#at = performance.now() + ms;
    if (this.#timer !== undefined && this.#firesAt > this.#at) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#timer ??= this.#schedule(ms);
  }

  disarm(): void {
    this.#expire = undefined;
  }

  /** Frees the timer. */
  close(): void {
    this.#expire = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(ms: number): NodeJS.Timeout {
    const delay = Math.min(ms, 2 ** 31 - 1);
    this.#firesAt = performance.now() + delay;
    return setTimeout(() => this.#check(), delay).unref();
  }

  #check(): void {
    this.#timer = undefined;
    if (this.#expire === undefined) return;
    const left = this.#at - performance.now();
    // A timer may fire up to a millisecond early. [Node: setTimeout]
    if (left > 1) {
      this.#timer = this.#schedule(left);
      return;
    }
    const expire = this.#expire;
    this.#expire = undefined;
    expire();
  }
}
