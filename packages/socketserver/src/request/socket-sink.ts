import type { Pace } from '../deadlines/timed-request.ts';
import { clockOf } from '../engine/clock.ts';
import type { Connection, ConnectionSink } from '../engine/contract/connection.ts';
import { ConnectionClosedError } from '../errors/connection-errors.ts';
import { Deadline } from './deadline.ts';
import { EndWatch } from './end-watch.ts';
import { flushMs, Linger, type LingerLimits } from './linger.ts';
import { PendingSends } from './pending-sends.ts';
import { ReadingSink, type SinkOwner } from './reading-sink.ts';

/**
 * What has happened on one connection, and who waits for it: the far side of the engine's
 * {@link ConnectionSink} and the state under a `StreamSocket`. What arrives is {@link ReadingSink}'s; here are sending and
 * the end.
 */
export class SocketSink extends ReadingSink implements ConnectionSink, Pace {
  /** What we sent, so far. */
  bytesWritten = 0;
  #sends: PendingSends | undefined;
  #linger: Linger | undefined;
  #isClosed = false;
  #hasCutFile = false;

  constructor(connection: Connection, owner: SinkOwner) {
    super(connection, owner);
    connection.start(this);
  }

  get isSending(): boolean {
    return this.#sends?.isWaiting === true;
  }

  get bytesTaken(): number {
    return this.connection.bytesTaken;
  }

  get takenBy(): 'peer' | 'system' {
    return this.connection.takenBy;
  }

  /** Aborts with the failure, with the reason of {@link abort}, or when the peer is gone. */
  get signal(): AbortSignal {
    this.watch ??= new EndWatch();
    if (this.#isClosed) this.watch.abort(this.closure('The connection is closed'));
    const { signal } = this.watch;
    this.readAhead();
    return signal;
  }

  abort(reason: Error): void {
    this.watch ??= new EndWatch();
    this.watch.abort(reason);
    this.#linger?.hurry();
  }

  /**
   * Sends bytes.
   *
   * @param more - whether their writer goes on in this turn.
   * @returns `undefined` when their memory is the caller's again already, else a promise of that moment.
   */
  write(bytes: Uint8Array, operation: string, more = false): Promise<void> | undefined {
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.bytesWritten += bytes.length;
    // Unread input means that its reader is likely to answer that, too, before this turn ends.
    if (this.connection.write(bytes, more || this.unread > 0)) return undefined;
    this.#sends ??= new PendingSends(clockOf(this.connection));
    return this.#sends.write({ operation, seconds: this.timeout });
  }

  /** Sends several pieces as {@link write} does one; their memory is the caller's again at one moment. */
  writeAll(pieces: readonly Uint8Array[], operation: string): Promise<void> | undefined {
    const last = pieces.length - 1;
    let waiting: Promise<void> | undefined;
    for (const [index, piece] of pieces.entries()) {
      const sending = this.write(piece, operation, index < last);
      if (sending === undefined) continue;
      waiting?.catch(() => {}); // its outcome is that of the later one
      waiting = sending;
    }
    return waiting;
  }

  /** Has the engine send a part of a file, which can do that. Resolves with the number of bytes that went. */
  async sendFile(file: number, offset: number, length: number): Promise<number> {
    const operation = 'sendfile';
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) throw refusal;
    this.bytesWritten += length;
    this.#sends ??= new PendingSends(clockOf(this.connection));
    const sending = this.connection.sendFile!(file, offset, length);
    const settled = (): void => this.#linger?.sent();
    const sent = await this.#sends.file(sending, { operation, seconds: this.timeout }, settled);
    this.bytesWritten -= length - sent;
    return sent;
  }

  /** A file was given up in the middle, as its peer did not read: the end of the connection must not pass for the file's. */
  cutFile(): void {
    this.#hasCutFile = true;
  }

  /** Ends the connection in good order: see {@link Linger}. @param file - one that is still being sent. */
  close(limits: LingerLimits, file?: Promise<void>): void {
    this.failRead('The socket was closed while an operation waited for it');
    if (file === undefined) this.#beginLinger(limits);
    else void this.#finishFile(file).then(() => this.#beginLinger(limits));
  }

  /** Ends the connection at once; those who wait for it get `reason`, if there is one. */
  reset(reason: Error | undefined): void {
    this.failure ??= reason;
    this.connection.reset();
  }

  /**
   * Lets somebody else have the connection, who says by {@link enter} or {@link closed} how that ended. Nothing may wait.
   *
   * @returns what was read of it and not taken, and whether its end was seen.
   */
  leave(): { readonly unread: Buffer; readonly hasEnded: boolean } {
    this.stage = 'left';
    this.closeReads();
    return { unread: this.queue.take(this.queue.length), hasEnded: this.peerEnded };
  }

  /** Goes on with the connection that has become of the one before. */
  enter(connection: Connection): void {
    this.stage = 'open';
    this.connection = connection;
    connection.start(this);
    this.readAhead();
  }

  ended(): void {
    this.peerEnded = true;
    this.#linger?.ended();
    this.tellEnd();
  }

  drained(): void {
    this.#sends?.drained();
    if (!this.isSending) this.#linger?.sent();
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.failure ??= error;
    this.failRead('The connection was closed while an operation waited for it');
    this.#sends?.fail(this.closure('The connection was closed before everything was sent'));
    this.peerEnded = true;
    this.tellEnd();
    this.watch?.abort(this.closure('The connection is closed'));
    this.closeReads();
    this.#linger?.over();
    this.owner.connectionClosed();
  }

  protected override dropped(count: number): void {
    this.#linger?.dropped(count);
  }

  /** Ends this side behind everything sent; behind a part of a file with a reset, since it would pass for all of it. */
  endWrite(): void {
    if (this.#hasCutFile) this.connection.reset();
    else this.connection.endWrite();
  }

  async #finishFile(file: Promise<void>): Promise<void> {
    const deadline = new Deadline(clockOf(this.connection));
    deadline.arm(flushMs, () => this.connection.reset());
    await file;
    deadline.close();
  }

  #beginLinger({ bytes, ms }: LingerLimits): void {
    if (this.#isClosed) return; // it failed, or was reset
    const { isSending } = this;
    if (this.#sends?.isStuck === true || this.#hasCutFile) {
      this.connection.reset();
    } else {
      this.stage = 'lingering';
      this.#linger = new Linger(this.connection, { bytes: bytes - this.unread, ms });
      this.clearQueue();
      if (this.watch?.reason !== undefined) this.#linger.hurry();
      this.#linger.begin({ isSending, hasEnded: this.peerEnded });
      this.connection.resume();
    }
  }

  #refusal(operation: string): Error | undefined {
    if (this.failure !== undefined) return this.failure;
    if (!this.connection.isClosed) return undefined;
    return new ConnectionClosedError(`Cannot ${operation}: the connection is closed`);
  }
}
