/** The longest that a timer of the platform waits. [Node: setTimeout] */
const longestMs = 2 ** 31 - 1;

/**
 * What deadlines run by: the system's time, or in a test a time that the test moves. Whoever waits takes the clock of
 * its connection or engine, by {@link clockOf}, and never the platform's timers themselves.
 */
export interface Clock {
  /** Milliseconds since some beginning; never goes back. */
  now(): number;

  /**
   * Calls `callback` once, in `ms` milliseconds or a little later; after 24.8 days if `ms` is more than that.
   *
   * @returns what {@link clearTimeout} takes. It keeps the process alive until `unref()`.
   */
  setTimeout(callback: () => void, ms: number): Timer;

  /** Forgets a timer; one that has fired, or `undefined`, is fine. */
  clearTimeout(timer: Timer | undefined): void;
}

/** A call that is due later. */
export interface Timer {
  /** Lets the process end while this waits. */
  unref(): unknown;
}

/** The time of the system. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, longestMs)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** The clock that an engine or a connection names, else the system's. */
export function clockOf({ clock }: { readonly clock?: Clock | undefined }): Clock {
  return clock ?? systemClock;
}
