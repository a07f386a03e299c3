import { write } from 'node:fs';
import type { WriteStream } from 'node:tty';

/**
 * One of our output streams, for bytes as they are, with back pressure. A terminal is written to outside of the event loop: one that is held (Ctrl-S)
 * would else hold up the connection with it, and the server would take us for gone.
 */
export class RawOutput {
  readonly #stream: NodeJS.WriteStream;
  #isOpen = true;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('error', () => (this.#isOpen = false)); // EPIPE: whoever reads has read enough
  }

  /** Whether a person sees it. */
  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  /** Whether anybody still reads it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Writes all of it. @returns `false` when nobody reads any more. */
  async write(bytes: Uint8Array | string): Promise<boolean> {
    if (!this.#isOpen) return false;
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const error = await (this.isTerminal ? this.#writeToTerminal(buffer) : this.#writeToStream(buffer));
    if (error !== undefined) this.#isOpen = false;
    return this.#isOpen;
  }

  async #writeToTerminal(bytes: Uint8Array): Promise<Error | undefined> {
    const { fd } = this.#stream as WriteStream & { readonly fd: number };
    for (let at = 0; at < bytes.length;) {
      const result = await new Promise<number | NodeJS.ErrnoException>((resolve) =>
        write(fd, bytes, at, bytes.length - at, null, (error, written) => resolve(error ?? written)),
      );
      // Whoever shares the terminal has made it non-blocking.
      if (typeof result !== 'number' && result.code === 'EAGAIN')
        return this.#writeToStream(bytes.subarray(at));
      if (typeof result !== 'number') return result;
      at += result;
    }
    return undefined;
  }

  #writeToStream(bytes: Uint8Array): Promise<Error | undefined> {
    return new Promise((resolve) => this.#stream.write(bytes, (error) => resolve(error ?? undefined)));
  }
}
