import { defaultMaxMessageBytes } from '../codecs/message-limit.ts';
import type { StreamSocket } from './stream-socket.ts';

/**
 * The reading side of a connection as a file: `rfile` of a `StreamRequestHandler`. It keeps nothing of its own,
 * so it may be mixed with `recv()` on the socket.
 *
 * @see CPython: the `io.BufferedReader` of `socket.makefile('rb')`
 */
export class StreamReader {
  readonly #socket: StreamSocket;
  readonly #maxLineBytes: number;

  /** @param bufferBytes - bytes a line may have; -1 for the default of 65,536. */
  constructor(socket: StreamSocket, bufferBytes: number) {
    this.#socket = socket;
    this.#maxLineBytes = bufferBytes > 0 ? bufferBytes : defaultMaxMessageBytes;
  }

  /**
   * Reads `count` bytes, or fewer where the stream ends before; without `count`, everything until the end (which
   * takes as much memory as the peer sends).
   */
  async read(count = Infinity): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = await this.#socket.recv(missing);
      if (chunk.length === 0) break;
      chunks.push(chunk);
      missing -= chunk.length;
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /**
   * Reads one line with its newline; the last one may lack it; empty at the end of the stream.
   *
   * @param limit - bytes the line may have; a longer one is an error with code `MESSAGE_TOO_LONG`.
   */
  readline(limit = this.#maxLineBytes): Promise<Buffer> {
    return this.#socket.readline({ max: limit });
  }

  /** Yields the lines, each with its newline, until the end of the stream. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return this.#socket.lines({ max: this.#maxLineBytes });
  }
}
