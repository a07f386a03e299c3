const newline = 0x0a;

/**
 * A datagram as a file: `rfile` of a `DatagramRequestHandler`. All its bytes are there, so nothing waits; `await`
 * and `for await` work as on a stream, for handlers that serve both.
 *
 * @see CPython `io.BytesIO`
 */
export class PacketReader {
  readonly #packet: Buffer;
  #position = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  /** Reads `count` bytes, or fewer where the datagram ends before; without `count`, the rest. Never copies. */
  read(count = Infinity): Buffer {
    return this.#take(this.#position + count);
  }

  /** Reads one line with its newline; the last one may lack it; empty at the end. */
  readline(limit = Infinity): Buffer {
    const found = this.#packet.indexOf(newline, this.#position);
    const end = found === -1 ? this.#packet.length : found + 1;
    return this.#take(Math.min(end, this.#position + limit));
  }

  /** Yields the lines, each with its newline. */
  *[Symbol.iterator](): Generator<Buffer, void, void> {
    while (this.#position < this.#packet.length) yield this.readline();
  }

  #take(end: number): Buffer {
    const bytes = this.#packet.subarray(this.#position, end);
    this.#position += bytes.length;
    return bytes;
  }
}
