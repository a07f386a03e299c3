/** Bytes that the peer may have on their way to us over one connection, all streams together. */
const connectionBytes = 16 * 1_048_576;

/** What each stream gets in any case, so that none stands still: the bound of a connection is that much per stream above its pool. */
const leastBytes = 32_768;

/** What the streams of one connection may receive before somebody consumes it. */
export class CreditPool {
  #left = connectionBytes;

  /** Takes up to `wanted` bytes, and never less than the least. */
  takeFirst(wanted: number): number {
    const bytes = Math.max(leastBytes, Math.min(wanted, this.#left));
    this.#left -= bytes;
    return bytes;
  }

  /** Takes `bytes` more, if there are as many. */
  takeMore(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}
