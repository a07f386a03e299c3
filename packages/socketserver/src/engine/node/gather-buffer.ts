/** Bytes gathered before they are sent without waiting for the end of the turn. */
const gatherBytes = 16_384;

/** A connection whose small writes are gathered. */
export interface Gatherer {
  /** Sends at once; `true` when the memory is free again. */
  sendGathered(bytes: Buffer): boolean;
}

/**
 * Gathers the small writes of one turn into one system call. A thread has one such buffer: its owner is the
 * connection that writes, and another one that wants it makes it send first.
 */
class GatherBuffer {
  #buffer = Buffer.allocUnsafeSlow(gatherBytes);
  #length = 0;
  #owner: Gatherer | undefined;
  #flushIsDue = false;

  /** Whether bytes of `gatherer` are held, so that later ones must queue behind them. */
  holds(gatherer: Gatherer): boolean {
    return this.#owner === gatherer;
  }

  /** Takes a copy; `false` (after sending what was held) for bytes that are too many to gather. */
  add(gatherer: Gatherer, bytes: Uint8Array): boolean {
    if (this.#owner !== gatherer || this.#length + bytes.length > gatherBytes) this.flush();
    if (bytes.length > gatherBytes) return false;
    this.#owner = gatherer;
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
    if (!this.#flushIsDue) {
      this.#flushIsDue = true;
      // After the promises of this turn, in which handlers answer what they have read.
      process.nextTick(() => {
        this.#flushIsDue = false;
        this.flush();
      });
    }
    return true;
  }

  /** Sends what is held. */
  flush(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#owner = undefined;
    this.#length = 0;
    if (!owner.sendGathered(bytes)) this.#buffer = Buffer.allocUnsafeSlow(gatherBytes);
  }
}

export const gatherBuffer = new GatherBuffer();
