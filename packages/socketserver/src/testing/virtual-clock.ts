import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../engine/clock.ts';

/** Turns of the event loop that time waits for bytes on their way: enough for 64 KiB byte by byte. */
const mostTurns = 65_536;

interface VirtualTimer extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A time that moves only when a test moves it. Given to `createMemoryEngine()`, all deadlines of the library run by it:
 * `settimeout()`, the `timeouts` group, `handleRequest()`'s wait, a drain. A handler's own timers do not; `node:test`
 * has `mock.timers` for those.
 *
 * @example
 * const clock = new VirtualClock();
 * const engine = createMemoryEngine({ clock });
 * // ... a server and a client on that engine ...
 * await clock.advance(30_000); // a deadline of 30 seconds has fired, and its handler has run on
 */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: VirtualTimer[] = [];
  readonly #isBusy: (() => boolean)[] = [];

  /** Milliseconds since this clock was made, as far as it was moved. */
  now(): number {
    return this.#now;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /**
   * Moves the time on: calls what becomes due, in order, each at its own time. Before the first and after each, what
   * is under way settles: bytes on their way in memory arrive, and handlers run on until they wait for something. What
   * a handler awaits outside the library (a file, a program) is not seen: wait for its effect first.
   *
   * @param ms - 0 or more; 0 only lets things settle.
   * @throws RangeError for anything else; what a timer's callback threw.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0) || ms === Infinity) {
      throw new RangeError(`Cannot advance: ms must be a finite number from 0, got ${String(ms)}`);
    }
    const until = this.#now + ms;
    await this.#settle();
    for (let due = this.#nextDue(until); due !== undefined; due = this.#nextDue(until)) {
      this.clearTimeout(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await this.#settle();
    }
    this.#now = until;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const timer: VirtualTimer = { at: this.#now + Math.max(ms, 0), callback, unref: () => timer };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(timer: Timer | undefined): void {
    this.#timers = this.#timers.filter((waiting) => waiting !== timer);
  }

  /** Lets the time stand while `isBusy` says that bytes are on their way. The memory engine calls it. */
  watch(isBusy: () => boolean): void {
    this.#isBusy.push(isBusy);
  }

  /** The earliest timer that is due by `until`; of several at one time the one that was set first. */
  #nextDue(until: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }

  /** Lets the event loop turn until no bytes move. A stream that never ends does not hold the time up for ever. */
  async #settle(): Promise<void> {
    let quietTurns = 0;
    for (let turns = 0; turns < mostTurns && quietTurns < 2; turns += 1) {
      await nextTurn();
      // One quiet turn may be a sender that lets others have theirs.
      quietTurns = this.#isBusy.some((isBusy) => isBusy()) ? 0 : quietTurns + 1;
    }
  }
}
