import type { Pace } from '../deadlines/timed-request.ts';
import { clockOf } from '../engine/clock.ts';
import type { Connection, ConnectionSink } from '../engine/contract.ts';
import { ConnectionClosedError } from '../errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { Deadline } from './deadline.ts';
import { EndWatch } from './end-watch.ts';
import { flushMs, Linger, type LingerLimits } from './linger.ts';
import { PendingRead } from './pending-read.ts';
import { PendingSends } from './pending-sends.ts';

const nothing = Buffer.alloc(0);
const done = Promise.resolve();

/** Bytes that are read ahead to find out whether the peer is still there. */
const watchBytes = 65_536;

/** Whose connection it is. */
interface SinkOwner {
  /** The descriptor is free. Called once, and last. */
  connectionClosed(): void;
}

/**
 * What has happened on one connection, and who waits for it: the far side of the engine's
 * {@link ConnectionSink} and the state under a `StreamSocket`.
 *
 * Walk of a byte: engine → `received` → straight to the waiting reader, or into `queue`. Bytes that nobody waits
 * for stop the engine, so at most one delivery is held that the handler did not ask for.
 */
export class SocketSink implements ConnectionSink, Pace {
  /** Another one after {@link enter}. */
  connection: Connection;

  /** Why the connection failed, if it did. */
  failure: Error | undefined;
  /** Seconds that one operation may wait; `undefined` waits for ever. */
  timeout: number | undefined;
  /** What the peer sent and we received, and what we sent, so far. */
  bytesRead = 0;
  bytesWritten = 0;

  readonly #owner: SinkOwner;
  /** Only once bytes came that nobody waited for: most connections never have any. */
  #queue: ByteQueue | undefined;
  readonly #read: PendingRead;
  #sends: PendingSends | undefined;
  #watch: EndWatch | undefined;
  /** Who gets bytes that arrive: readers; or nobody, since the reading side or the socket was shut; or somebody else. */
  #stage: 'open' | 'deaf' | 'lingering' | 'left' = 'open';
  #linger: Linger | undefined;
  /** The peer sends no more: it shut its writing side down, or the connection is over. */
  #peerEnded = false;
  /** Readers get what came, and are told of the end where a message would begin. */
  #readsEnd = false;
  #isClosed = false;

  constructor(connection: Connection, owner: SinkOwner) {
    this.connection = connection;
    this.#read = new PendingRead(connection);
    this.#owner = owner;
    connection.start(this);
  }

  /** Bytes that came and were not taken. */
  get queue(): ByteQueue {
    this.#queue ??= new ByteQueue();
    return this.#queue;
  }

  /** What its handler waits for: see {@link Pace}. */
  get awaits(): Pace['awaits'] {
    if (!this.#read.isWaiting) return this.#watch?.hasWaiters === true ? 'end' : 'nothing';
    if (!this.#read.wantsMessage) return 'bytes';
    return this.#unread() > 0 ? 'rest' : 'message';
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

  /** Readers get no more than `queue` holds: the peer sends no more, nobody listens to it, or reads end between messages. */
  get hasEnded(): boolean {
    return this.#isSilent() || (this.#readsEnd && this.#unread() === 0);
  }

  /** Aborts with the failure, with the reason of {@link abort}, or when the peer is gone. */
  get signal(): AbortSignal {
    this.#watch ??= new EndWatch();
    if (this.#isClosed) this.#watch.abort(this.#closure('The connection is closed'));
    const { signal } = this.#watch;
    this.#readAhead();
    return signal;
  }

  abort(reason: Error): void {
    this.#watch ??= new EndWatch();
    this.#watch.abort(reason);
    this.#linger?.hurry();
  }

  /**
   * Has readers find the end of the stream where nothing of a message has come. One of which something has come is awaited
   * still, and what is there can be read.
   */
  endReads(): void {
    this.#readsEnd = true;
    if (this.#read.isWaiting && this.hasEnded) this.#read.end();
  }

  /** Waits for bytes; gives 1 to `max` of them, none at the end. */
  readSome(max: number, operation: string): Promise<Buffer> {
    if (this.#read.isWaiting) return refuseSecondRead(operation);
    const there = this.takeChunkIfThere(max);
    if (there !== undefined) return Promise.resolve(there);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.resolve(nothing);
    const bytes = this.#read.some(max, operation, this.timeout);
    this.connection.resume();
    return bytes;
  }

  /** Waits until `queue` holds at least `count` bytes, or for the end. */
  async fill(count: number, operation: string): Promise<void> {
    if (this.#read.isWaiting) return refuseSecondRead(operation);
    if (this.#unread() >= count) return;
    if (this.failure !== undefined) throw this.failure;
    if (this.hasEnded) return;
    const filled = this.#read.atLeast(count, operation, this.timeout);
    this.connection.resume();
    await filled;
  }

  /** Takes exactly `count` bytes, which {@link fill} has brought. */
  take(count: number): Buffer {
    const bytes = this.queue.take(count);
    if (this.#watch !== undefined) this.#readAhead();
    return bytes;
  }

  /** Takes `count` bytes, if so many are there and that is not none. */
  takeIfThere(count: number): Buffer | undefined {
    return count > 0 && this.#unread() >= count ? this.take(count) : undefined;
  }

  /** Takes 1 to `max` bytes, if any are there. */
  takeChunkIfThere(max: number): Buffer | undefined {
    if (this.#unread() === 0) return undefined;
    const bytes = this.queue.takeChunk(max);
    if (this.#watch !== undefined) this.#readAhead();
    return bytes;
  }

  /** Takes a line of at most `max` bytes, with its newline, if it is there in one piece. */
  takeLineIfThere(max: number): Buffer | undefined {
    if (this.#unread() === 0) return undefined;
    const size = this.queue.first.indexOf(0x0a) + 1;
    return size > 0 && size <= max ? this.take(size) : undefined;
  }

  /** Drops `count` bytes that are in {@link queue}, whose reader has looked at them there. */
  skip(count: number): void {
    this.queue.skip(count);
    if (this.#watch !== undefined) this.#readAhead();
  }

  /** Whether somebody waits for bytes: nobody else may take any then. */
  get hasReader(): boolean {
    return this.#read.isWaiting;
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
    if (this.connection.write(bytes, more || this.#unread() > 0)) return undefined;
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

  /** Resolves once `hasEnded`; bytes that arrive meanwhile are kept for readers. @throws the signal's reason. */
  waitForEnd(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isSilent()) return done;
    this.#watch ??= new EndWatch();
    const ended = this.#watch.wait(signal);
    this.#readAhead();
    return ended;
  }

  /** Throws away what was not read and what still arrives; readers see the end. */
  discard(): void {
    if (this.#stage === 'open') this.#stage = 'deaf';
    this.#queue?.clear();
    this.connection.resume();
    this.#tellEnd();
  }

  /** Ends the connection in good order: see {@link Linger}. @param file - one that is still being sent. */
  close(limits: LingerLimits, file?: Promise<void>): void {
    this.#failRead('The socket was closed while an operation waited for it');
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
    this.#stage = 'left';
    this.#read.close();
    return { unread: this.queue.take(this.queue.length), hasEnded: this.#peerEnded };
  }

  /** Goes on with the connection that has become of the one before. */
  enter(connection: Connection): void {
    this.#stage = 'open';
    this.connection = connection;
    connection.start(this);
    this.#readAhead();
  }

  received(bytes: Buffer): boolean {
    this.bytesRead += bytes.length;
    if (this.#stage !== 'open') {
      this.#linger?.dropped(bytes.length);
      return true;
    }
    if (this.#read.isWaiting) return this.#read.received(bytes, this);
    this.queue.push(bytes);
    return this.#watch?.isAskedFor === true && this.queue.length < watchBytes;
  }

  ended(): void {
    this.#peerEnded = true;
    this.#linger?.ended();
    this.#tellEnd();
  }

  drained(): void {
    this.#sends?.drained();
    if (!this.isSending) this.#linger?.sent();
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.failure ??= error;
    this.#failRead('The connection was closed while an operation waited for it');
    this.#sends?.fail(this.#closure('The connection was closed before everything was sent'));
    this.#peerEnded = true;
    this.#tellEnd();
    this.#watch?.abort(this.#closure('The connection is closed'));
    this.#read.close();
    this.#linger?.over();
    this.#owner.connectionClosed();
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
    if (this.#sends?.isStuck === true) {
      this.connection.reset();
    } else {
      this.#stage = 'lingering';
      this.#linger = new Linger(this.connection, { bytes: bytes - this.#unread(), ms });
      this.#queue?.clear();
      if (this.#watch?.reason !== undefined) this.#linger.hurry();
      this.#linger.begin({ isSending, hasEnded: this.#peerEnded });
      this.connection.resume();
    }
  }

  #unread(): number {
    return this.#queue === undefined ? 0 : this.#queue.length;
  }

  /** Nothing more will come that anybody could read. */
  #isSilent(): boolean {
    return this.#peerEnded || this.#stage === 'deaf';
  }

  #tellEnd(): void {
    this.#read.end();
    this.#watch?.ended();
  }

  /** Reads, up to a bound, to notice a peer that ends or goes while nobody reads. */
  #readAhead(): void {
    if (this.#watch?.isAskedFor !== true || this.#stage === 'left') return;
    if (this.#unread() < watchBytes && !this.#isSilent()) this.connection.resume();
  }

  #failRead(message: string): void {
    if (this.#read.isWaiting) this.#read.fail(this.#closure(message));
  }

  #refusal(operation: string): Error | undefined {
    if (this.failure !== undefined) return this.failure;
    if (!this.connection.isClosed) return undefined;
    return new ConnectionClosedError(`Cannot ${operation}: the connection is closed`);
  }

  #closure(message: string): Error {
    return this.failure ?? new ConnectionClosedError(message);
  }
}

function refuseSecondRead(operation: string): Promise<never> {
  return Promise.reject(secondRead(operation));
}

/** What a read fails with that begins while another one waits. */
export function secondRead(operation: string): TypeError {
  return new TypeError(`Cannot ${operation}: another read of this socket must end first`);
}
