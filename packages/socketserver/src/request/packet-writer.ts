/**
 * A datagram in the making: `wfile` of a `DatagramRequestHandler`.
 *
 * @see CPython `io.BytesIO`
 */
export class PacketWriter {
  #written: Buffer[] | undefined;

  /** Whether anything was written, be it an empty piece. */
  get hasWritten(): boolean {
    return this.#written !== undefined;
  }

  /** Adds a copy of `bytes` (text as UTF-8); returns their number. */
  write(bytes: Uint8Array | string): number {
    const copy = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes);
    (this.#written ??= []).push(copy);
    return copy.length;
  }

  /** Everything written so far. */
  getvalue(): Buffer {
    const written = this.#written ?? [];
    return written.length === 1 ? written[0]! : Buffer.concat(written);
  }
}
