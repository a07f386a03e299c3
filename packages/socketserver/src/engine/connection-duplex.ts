import { Duplex } from 'node:stream';
import type { Connection, NodeStream } from './contract.ts';

/**
 * A connection as a stream of Node's, for engines that have no socket to give: TLS, and other libraries, can take it.
 *
 * Back pressure works in both directions; what nobody reads stays in the engine, but for one delivery.
 */
export class ConnectionDuplex extends Duplex implements NodeStream {
  readonly #connection: Connection;
  #isOver = false;
  #written: ((error?: Error | null) => void) | undefined;

  /**
   * @param connection - not flowing; it belongs to the stream from now on.
   * @param unread - what was read of it and comes first.
   */
  constructor(connection: Connection, unread?: Uint8Array) {
    super();
    this.#connection = connection;
    if (unread !== undefined && unread.length > 0) this.push(unread);
    connection.start({
      received: (bytes) => this.push(bytes),
      ended: () => void this.push(null),
      drained: () => this.#drained(),
      closed: (error) => this.#over(error),
    });
  }

  get bytesTaken(): number {
    return this.#connection.bytesTaken;
  }

  override _read(): void {
    if (!this.#isOver) this.#connection.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    if (this.#connection.write(chunk)) written();
    else this.#written = written;
  }

  override _final(ended: () => void): void {
    this.#connection.endWrite();
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    if (!this.#isOver && error !== null) this.#connection.reset();
    if (!this.#isOver && error === null) this.#connection.close();
    destroyed(error);
  }

  /** Ends the connection at once, as a socket's method of that name does. */
  resetAndDestroy(): this {
    this.#connection.reset();
    return this.destroy();
  }

  #drained(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  /** What came before a good end can still be read. */
  #over(error: Error | undefined): void {
    this.#isOver = true;
    if (error !== undefined) {
      this.destroy(error);
      return;
    }
    if (!this.readableEnded) this.push(null);
    this.#drained();
    if (!this.writableEnded) this.end();
  }
}
