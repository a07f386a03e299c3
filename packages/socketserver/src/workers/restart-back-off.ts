/** Pauses between the crash of a worker and the next start: none after a first crash, then doubled up to the last. */
const firstMs = 100;
const lastMs = 5_000;

/**
 * The last pause where it was a request that took the worker down. One client can make such requests all the time, and
 * others wait for the next worker meanwhile: so it is as short as keeps the starts from taking a core.
 */
const lastAtWorkMs = 500;

/** Keeps a crash loop from burning CPU: each crash with no request served since the one before makes the pause longer. */
export class RestartBackOff {
  #crashes = 0;

  /**
   * @param wasAtWork - whether the worker served requests when it crashed.
   * @returns milliseconds to wait before the next start.
   */
  crashed(wasAtWork: boolean): number {
    this.#crashes += 1;
    if (this.#crashes === 1) return 0;
    return Math.min(wasAtWork ? lastAtWorkMs : lastMs, firstMs * 2 ** (this.#crashes - 2));
  }

  /** A request was served: what crashed before was not all there is. */
  recovered(): void {
    this.#crashes = 0;
  }
}
