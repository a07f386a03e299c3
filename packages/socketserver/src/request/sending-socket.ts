import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SocketAddress } from '../address/socket-address.ts';
import { SocketTimeoutError } from '../errors/connection-errors.ts';
import { BaseSocket } from './base-socket.ts';
import { type FileToSend, sendFile, type SendFileOptions } from './send-file.ts';
import type { SocketSink } from './socket-sink.ts';

/** Bytes that one sender may hand to the kernel before the other connections of the thread get their turn. */
const turnBytes = 1_048_576;

const done = Promise.resolve();

/** How much of a socket `shutdown()` ends. */
export type ShutdownHow = 'read' | 'write' | 'both';

/**
 * The writing half of a `StreamSocket`. Sends may be called without awaiting, and keep their order.
 *
 * @typeParam Address - as of `StreamSocket`.
 */
export abstract class SendingSocket<
  Address extends SocketAddress = SocketAddress,
> extends BaseSocket<Address> {
  #sentThisTurn = 0;

  /**
   * Sends all of `bytes`, after everything sent before; text goes out as UTF-8.
   *
   * Resolves when the kernel or a bounded buffer has them, which is also when the caller's memory is free to
   * change. Waits as long as the peer does not read.
   *
   * @throws the operating system's error (`EPIPE`, `ECONNRESET`), {@link SocketTimeoutError} (how much was sent
   *   is unknown then), {@link ConnectionClosedError}.
   */
  sendall(bytes: Uint8Array | string): Promise<void> {
    if (this.state !== 'open') return tolerated(Promise.reject(this.refusal('sendall')));
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const sink = this.open();
    if (this.file !== undefined) return tolerated(this.file.then(() => sink.write(payload, 'sendall')));
    const waiting = sink.write(payload, 'sendall');
    return waiting === undefined ? this.#sent(payload.length) : tolerated(waiting);
  }

  /** Sends as {@link sendall} does, and resolves with the number of bytes: always all of them. */
  send(bytes: Uint8Array | string): Promise<number> {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    return tolerated(this.sendall(payload).then(() => payload.length));
  }

  /**
   * Sends part of a file, after everything sent before: by `sendfile(2)` on the native engine, else through a bounded
   * buffer. Waits as long as the peer does not read; a timeout is for each 128 KiB, and leaves the
   * file cut, so that {@link close} resets the connection from then on. What is sent must not be overwritten
   * until the peer has it: `sendfile(2)` sends the file's own pages, not a copy.
   *
   * @param file - a path, or a file that is open, which stays open and keeps its position.
   * @returns the number of bytes sent: fewer than `length` only where the file ends.
   * @throws as {@link sendall}, and the system's errors about the file (`ENOENT`, ...).
   * @see CPython `socket.sendfile`
   */
  sendfile(file: FileToSend, options: SendFileOptions = {}): Promise<number> {
    if (this.state !== 'open') return tolerated(Promise.reject(this.refusal('sendfile')));
    const sending = this.#sendFile(this.open(), file, options);
    // What is sent meanwhile waits behind the file, whether or not that arrives whole.
    const settled = settle(sending, () => {
      if (this.file === settled) this.file = undefined;
    });
    this.file = settled;
    return tolerated(sending);
  }

  /**
   * Ends one direction or both. `'write'` sends FIN after everything sent: the peer reads the rest and then the
   * end, and may go on sending. `'read'` throws away what arrives from now on.
   */
  shutdown(how: ShutdownHow): void {
    if (how !== 'read' && how !== 'write' && how !== 'both') {
      throw new TypeError(`Cannot shutdown: how must be 'read', 'write' or 'both', got ${String(how)}`);
    }
    this.requireHere('shutdown');
    if (!this.isReadable) return;
    const sink = this.open();
    if (how !== 'read' && this.state === 'open') {
      this.state = 'write-ended';
      if (this.file === undefined) sink.endWrite();
      else void this.file.then(() => sink.endWrite());
    }
    if (how !== 'write') sink.discard();
  }

  /** Sends pieces as {@link sendall} sends one. */
  protected sendPieces(pieces: readonly Uint8Array[], operation: string): Promise<void> {
    if (this.state !== 'open') return tolerated(Promise.reject(this.refusal(operation)));
    const sink = this.open();
    if (this.file !== undefined) return tolerated(this.file.then(() => sink.writeAll(pieces, operation)));
    const waiting = sink.writeAll(pieces, operation);
    if (waiting !== undefined) return tolerated(waiting);
    return this.#sent(pieces.reduce((bytes, { length }) => bytes + length, 0));
  }

  /** Everything was taken at once, so nothing makes its sender wait: that must not hold the others up. */
  #sent(bytes: number): Promise<void> {
    this.#sentThisTurn += bytes;
    return this.#sentThisTurn > turnBytes ? this.#yieldTurn() : done;
  }

  async #yieldTurn(): Promise<void> {
    this.#sentThisTurn = 0;
    await nextTurn();
  }

  async #sendFile(sink: SocketSink, file: FileToSend, options: SendFileOptions): Promise<number> {
    await this.file;
    try {
      return await sendFile(sink, file, options);
    } catch (error) {
      if (error instanceof SocketTimeoutError) sink.cutFile();
      throw error;
    }
  }
}

/**
 * Lets nobody be ended by a send whose outcome they do not look at: a peer that goes would take the process with it. The
 * next operation and the signal tell of the same failure.
 */
function tolerated<Result>(sending: Promise<Result>): Promise<Result> {
  sending.catch(() => {});
  return sending;
}

/** Resolves when `sending` has ended either way, after calling `ended`. */
async function settle(sending: Promise<unknown>, ended: () => void): Promise<void> {
  try {
    await sending;
  } catch {
    // whoever called sendfile() learns of it
  }
  ended();
}
