import { Readable } from 'node:stream';

/** Bytes that may wait in a stream before the command is held up. */
const waitingBytes = 262_144;

/** What an {@link OutputStream} tells its owner. */
export interface OutputStreamOwner {
  /** There is room for more. */
  wanted(): void;
  /** The reader closed it, before or after its end. */
  closed(): void;
}

/** One stream of a command's output, for a reader of Node's. */
export class OutputStream extends Readable {
  readonly #owner: OutputStreamOwner;
  #hasRoom = true;
  #hasEnded = false;

  constructor(owner: OutputStreamOwner) {
    super({ highWaterMark: waitingBytes });
    this.#owner = owner;
    // Whoever listens learns of a lost connection; the command's promise tells it in any case.
    this.on('error', () => {});
  }

  /** Whether the reader keeps up. */
  get hasRoom(): boolean {
    return this.#hasRoom || this.destroyed;
  }

  deliver(bytes: Uint8Array): void {
    if (!this.#hasEnded && !this.destroyed) this.#hasRoom = this.push(bytes);
  }

  /** That was all. */
  finish(): void {
    if (this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    this.push(null);
  }

  override _read(): void {
    this.#hasRoom = true;
    this.#owner.wanted();
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.#owner.closed();
    destroyed(error);
  }
}
