import type { StreamSocket } from './stream-socket.ts';

/** What `wbufsize = -1` stands for. [CPython: io.DEFAULT_BUFFER_SIZE] */
const defaultBufferBytes = 8_192;

/**
 * The writing side of a connection as a file: `wfile` of a `StreamRequestHandler`.
 *
 * Unbuffered (`bufferBytes` 0) each write is sent at once and whole. Buffered, small writes are gathered, copied,
 * until there are `bufferBytes` of them or somebody flushes.
 *
 * @see CPython `socketserver._SocketWriter`
 */
export class StreamWriter {
  readonly #socket: StreamSocket;
  readonly #bufferBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(socket: StreamSocket, bufferBytes: number) {
    this.#socket = socket;
    this.#bufferBytes = bufferBytes < 0 ? defaultBufferBytes : bufferBytes;
  }

  /** Writes all of `bytes` (text as UTF-8); resolves with their number, when their memory is the caller's again. */
  write(bytes: Uint8Array | string): Promise<number> {
    const writing = this.#write(bytes);
    writing.catch(() => {}); // who does not look at it learns of it from the next operation, as with sendall()
    return writing;
  }

  async #write(bytes: Uint8Array | string): Promise<number> {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    if (this.#bufferBytes === 0) {
      await this.#socket.sendall(payload);
      return payload.length;
    }
    this.#held.push(typeof bytes === 'string' ? (payload as Buffer) : Buffer.from(payload));
    this.#heldBytes += payload.length;
    if (this.#heldBytes >= this.#bufferBytes) await this.flush();
    return payload.length;
  }

  /** Sends what is held. */
  async flush(): Promise<void> {
    if (this.#heldBytes === 0) return;
    const held = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    await this.#socket.sendall(held);
  }

  writable(): boolean {
    return true;
  }

  /** The descriptor of the connection. */
  fileno(): number {
    return this.#socket.fileno();
  }
}
