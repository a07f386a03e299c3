import { Duplex } from 'node:stream';
import { clockOf, type Timer } from './clock.ts';
import type { Connection } from './contract/connection.ts';
import type { NodeStream } from './contract/node-stream.ts';

/** How long what was written before a stream is destroyed may take to go out. */
const flushMs = 60_000;

/** What its sink has brought of a connection before it became a stream. */
export interface ReadSoFar {
  /** Comes first. */
  readonly unread?: Uint8Array | undefined;
  /** Whether the peer's end came behind it. */
  readonly hasEnded?: boolean | undefined;
}

/**
 * Has a connection go on as a stream of Node's: its socket where the engine can give that now, else a stream on top of
 * the engine.
 */
export function leaveEngine(connection: Connection, { unread, hasEnded }: ReadSoFar = {}): NodeStream {
  return connection.toSocket(unread) ?? new ConnectionDuplex(connection, { unread, hasEnded });
}

/** Stops a stream that was read from, as one which nobody has touched: a `'data'` listener makes it flow again. */
export function untouched<Stream extends Duplex>(stream: Stream): Stream {
  stream.pause();
  (stream as { readableFlowing: boolean | null }).readableFlowing = null; // a setter that Node's own net uses
  return stream;
}

/**
 * A connection as a stream of Node's, for where the engine has no socket to give: TLS, and other libraries, can take it.
 *
 * Back pressure works in both directions; what nobody reads stays in the engine, but for one delivery. It is closed
 * (`'close'`) once the descriptor is free.
 */
export class ConnectionDuplex extends Duplex implements NodeStream {
  readonly #connection: Connection;
  #isOver = false;
  #bytesRead = 0;
  #bytesWritten = 0;
  #written: ((error?: Error | null) => void) | undefined;
  #destroyed: (() => void) | undefined;
  #flush: Timer | undefined;

  /** @param connection - belongs to the stream from now on. */
  constructor(connection: Connection, { unread, hasEnded = false }: ReadSoFar = {}) {
    super();
    this.#connection = connection;
    if (unread !== undefined && unread.length > 0) this.push(unread);
    if (hasEnded) this.push(null);
    connection.start({
      received: (bytes) => this.#received(bytes),
      ended: () => void this.push(null),
      drained: () => this.#drained(),
      closed: (error) => this.#over(error),
    });
  }

  get bytesTaken(): number {
    return this.#connection.bytesTaken;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  override _read(): void {
    if (!this.#isOver) this.#connection.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    this.#bytesWritten += chunk.length;
    if (this.#connection.write(chunk)) written();
    else this.#written = written;
  }

  override _final(ended: () => void): void {
    this.#connection.endWrite();
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    if (this.#isOver) {
      destroyed(error);
      return;
    }
    this.#destroyed = () => destroyed(error);
    // As with a socket, what the engine has not even copied is lost then.
    if (error !== null || this.#written !== undefined) {
      this.#connection.reset();
      return;
    }
    this.#connection.close();
    this.#flush = clockOf(this.#connection).setTimeout(() => this.#connection.reset(), flushMs);
    this.#flush.unref();
  }

  /** Ends the connection at once, as a socket's method of that name does. */
  resetAndDestroy(): this {
    this.#connection.reset();
    return this.destroy();
  }

  #received(bytes: Buffer): boolean {
    if (this.destroyed) return true; // nobody reads it any more
    this.#bytesRead += bytes.length;
    return this.push(bytes);
  }

  #drained(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  /** What came before a good end can still be read. */
  #over(error: Error | undefined): void {
    this.#isOver = true;
    clockOf(this.#connection).clearTimeout(this.#flush);
    if (this.#destroyed !== undefined) {
      this.#destroyed();
    } else if (error !== undefined) {
      this.destroy(error);
    } else {
      if (!this.readableEnded) this.push(null);
      this.#drained();
      if (!this.writableEnded) this.end();
    }
  }
}
