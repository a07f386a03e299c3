/** Pauses between the crash of a worker and the next start: none after a first crash, then doubled up to the last. */
const firstMs = 100;
const lastMs = 5_000;

/** Keeps a crash loop from burning CPU: each crash with no request served since the one before makes the pause longer. */
export class RestartBackOff {
  #crashes = 0;

  /** @returns milliseconds to wait before the next start. */
  crashed(): number {
    this.#crashes += 1;
    return this.#crashes === 1 ? 0 : Math.min(lastMs, firstMs * 2 ** (this.#crashes - 2));
  }

  /** A request was served: what crashed before was not all there is. */
  recovered(): void {
    this.#crashes = 0;
  }
}
