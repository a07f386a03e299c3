/** Measures the bytes that go over in one direction, window by window, while the handler waits for its peer. */
export class RateWindow {
  readonly #ms: number;
  #beganAt: number;
  #bytes: number;

  /** @param bytes - that have gone over so far. */
  constructor(ms: number, now: number, bytes: number) {
    this.#ms = ms;
    this.#beganAt = now;
    this.#bytes = bytes;
  }

  /**
   * Looks whether a window is over, and begins the next one.
   *
   * @param mayPause - whether a window in which nothing went over says nothing.
   * @returns whether fewer bytes went over in it than had to.
   */
  fails(
    now: number,
    bytes: number,
    rate: { readonly perSecond: number; readonly mayPause: boolean },
  ): boolean {
    const elapsedMs = now - this.#beganAt;
    if (elapsedMs < this.#ms) return false;
    const moved = bytes - this.#bytes;
    this.#beganAt = now;
    this.#bytes = bytes;
    if (moved === 0 && rate.mayPause) return false;
    return moved < (rate.perSecond * elapsedMs) / 1_000;
  }
}
