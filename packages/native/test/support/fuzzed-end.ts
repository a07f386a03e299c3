import assert from 'node:assert/strict';
import type { Connection, ConnectionSink } from '../../lib/contract.ts';

/** The byte at a position of a stream: not periodic in any buffer's size, and different for each stream. */
function byteAt(position: number, stream: number): number {
  return (position * 31 + (position >>> 8) * 17 + (position >>> 16) * 7 + stream) & 255;
}

/** One end of a connection under random treatment; it checks every byte and the order of its news. */
export class FuzzedEnd implements ConnectionSink {
  readonly closedOnce = Promise.withResolvers<void>();
  readonly connection: Connection;
  readonly #outgoing: number;
  readonly #incoming: number;
  written = 0;
  received_ = 0;
  hasEnded = false;
  isClosed = false;
  /** It was closed or reset at this end, before it was told of any other close. */
  hasCut = false;
  error: NodeJS.ErrnoException | undefined;
  /** Bytes that a write still refers to may not change; these do, once they are free. */
  #held: Uint8Array[] = [];
  keepsReading = true;
  #stopsAfter = Infinity;

  constructor(connection: Connection, outgoing: number, incoming: number) {
    this.connection = connection;
    this.#outgoing = outgoing;
    this.#incoming = incoming;
  }

  write(length: number): void {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = byteAt(this.written + i, this.#outgoing);
    if (!this.connection.isClosed) this.written += length;
    if (this.connection.write(bytes)) bytes.fill(0xee);
    else this.#held.push(bytes);
  }

  cut(how: 'close' | 'reset'): void {
    this.hasCut ||= !this.isClosed;
    this.connection[how]();
  }

  /** Reads on, for so many deliveries. */
  read(deliveries: number): void {
    this.#stopsAfter = deliveries;
    this.connection.resume();
  }

  received(bytes: Buffer): boolean {
    assert.equal(this.hasEnded || this.isClosed, false, 'bytes after the end');
    assert.ok(bytes.length > 0 && bytes.length <= 64 * 1024, 'a delivery is not empty and at most 64 KiB');
    assert.ok(this.#stopsAfter > 0, 'bytes that nobody asked for');
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] !== byteAt(this.received_ + i, this.#incoming)) {
        assert.fail(`byte ${this.received_ + i} of stream ${this.#incoming} is wrong`);
      }
    }
    this.received_ += bytes.length;
    bytes.fill(0xdd);
    this.#stopsAfter--;
    return this.#stopsAfter > 0;
  }

  ended(): void {
    assert.equal(this.hasEnded || this.isClosed, false, 'two ends');
    this.hasEnded = true;
  }

  drained(): void {
    assert.equal(this.isClosed, false, 'drained after closed');
    for (const bytes of this.#held.splice(0)) bytes.fill(0xcc);
  }

  closed(error: Error | undefined): void {
    assert.equal(this.isClosed, false, 'closed twice');
    this.isClosed = true;
    this.error = error;
    this.closedOnce.resolve();
  }
}
