import type { Clock, Timer } from '../engine/clock.ts';

/**
 * One re-usable deadline. Arming it again and again costs a clock reading: the timer underneath is left to run
 * and looks at the newest deadline when it fires. It never keeps the process alive.
 */
export class Deadline {
  #expire: (() => void) | undefined;
  #at = 0;
  #firesAt = 0;
  #timer: Timer | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `expire` in `ms` milliseconds, unless disarmed or armed anew before. */
  arm(ms: number, expire: () => void): void {
    this.#expire = expire;
    this.#at = this.#clock.now() + ms;
    if (this.#timer !== undefined && this.#firesAt > this.#at) {
      this.#clock.clearTimeout(this.#timer);
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
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(ms: number): Timer {
    this.#firesAt = this.#clock.now() + ms;
    const timer = this.#clock.setTimeout(() => this.#check(), ms);
    timer.unref();
    return timer;
  }

  #check(): void {
    this.#timer = undefined;
    if (this.#expire === undefined) return;
    const left = this.#at - this.#clock.now();
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
