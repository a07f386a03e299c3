import { clockOf } from '../engine/clock.ts';
import type { Connection, ConnectionSink } from '../engine/contract.ts';
import { ConnectionClosedError, SocketTimeoutError } from '../errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { Deadline } from './deadline.ts';

const nothing = Buffer.alloc(0);
const done = Promise.resolve();

/** Bytes that are read ahead to find out whether the peer is still there. */
const watchBytes = 65_536;

/** How long a closed connection may take to send what it was given. */
const flushMs = 60_000;

/** What is left of a linger once the server drains. */
const drainLingerMs = 100;

/** How long, and for how many bytes, a closed connection goes on reading what its peer still sends. */
interface LingerLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * What has happened on one connection, and who waits for it: the far side of the engine's
 * {@link ConnectionSink} and the state under a `StreamSocket`.
 *
 * Walk of a byte: engine → `received` → straight to the waiting reader, or into `queue`. Bytes that nobody waits
 * for stop the engine, so at most one delivery is held that the handler did not ask for.
 */
export class SocketSink<Owner> implements ConnectionSink {
  readonly connection: Connection;
  readonly queue = new ByteQueue();

  /** The peer will send no more: it shut its writing side down, or the connection is over. */
  hasEnded = false;
  /** Why the connection failed, if it did. */
  failure: Error | undefined;
  /** Seconds that one operation may wait; `undefined` waits for ever. */
  timeout: number | undefined;
  /** What the peer sent and we received, and what we sent, so far. */
  bytesRead = 0;
  bytesWritten = 0;

  readonly #owner: Owner;
  readonly #onClosed: (owner: Owner) => void;
  #isClosed = false;
  #isFlowing = false;
  #isSending = false;
  #sendTimedOut = false;
  /** The peer itself has ended, which {@link hasEnded} does not say after a `discard()`. */
  #peerEnded = false;
  #isWatched = false;
  #discards = false;
  #lingerBytes = Infinity;
  #lingerMs = 0;
  #readAtMost = 0;
  #readAtLeast = 0;
  #resolveRead: ((bytes: Buffer) => void) | undefined;
  #rejectRead: ((error: Error) => void) | undefined;
  #drainWaiters: { resolve: () => void; reject: (error: Error) => void }[] | undefined;
  #readDeadline: Deadline | undefined;
  #writeDeadline: Deadline | undefined;
  #endWaiters: (() => void)[] | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;

  /** @param onClosed - called with `owner`, once and last, when the descriptor is free. */
  constructor(connection: Connection, owner: Owner, onClosed: (owner: Owner) => void) {
    this.connection = connection;
    this.#owner = owner;
    this.#onClosed = onClosed;
    connection.start(this);
  }

  /** Aborts with the failure, with the reason of {@link abort}, or when the peer is gone. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isClosed || this.#abortReason !== undefined) this.#controller.abort(this.#endReason());
      else this.#watch();
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
    if (this.#lingerMs > 0) this.#armLinger(drainLingerMs);
  }

  /** Waits for bytes; gives 1 to `max` of them, none at the end. */
  readSome(max: number, operation: string): Promise<Buffer> {
    if (this.#resolveRead !== undefined) return refuseSecondRead(operation);
    if (this.queue.length > 0) {
      const bytes = this.queue.takeChunk(max);
      if (this.#isWatched) this.#watch();
      return Promise.resolve(bytes);
    }
    this.#readAtMost = max;
    this.#readAtLeast = 0;
    return this.#wait(operation);
  }

  /** Waits until `queue` holds at least `count` bytes, or for the end. */
  async fill(count: number, operation: string): Promise<void> {
    if (this.#resolveRead !== undefined) return refuseSecondRead(operation);
    if (this.queue.length >= count) return;
    this.#readAtLeast = count;
    await this.#wait(operation);
  }

  /** Takes exactly `count` bytes, which {@link fill} has brought. */
  take(count: number): Buffer {
    const bytes = this.queue.take(count);
    if (this.#isWatched) this.#watch();
    return bytes;
  }

  /**
   * Sends bytes.
   *
   * @returns `undefined` when their memory is the caller's again already, else a promise of that moment.
   */
  write(bytes: Uint8Array, operation: string): Promise<void> | undefined {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.connection.isClosed) {
      return Promise.reject(new ConnectionClosedError(`Cannot ${operation}: the connection is closed`));
    }
    this.bytesWritten += bytes.length;
    // Unread input means that its reader is likely to answer that, too, before this turn ends.
    if (this.connection.write(bytes, this.queue.length > 0)) return undefined;
    this.#isSending = true;
    return new Promise((resolve, reject) => {
      (this.#drainWaiters ??= []).push({ resolve, reject });
      if (this.timeout !== undefined) this.#armWrite(this.timeout, operation);
    });
  }

  /** Resolves once `hasEnded`; bytes that arrive meanwhile are kept for readers. */
  waitForEnd(): Promise<void> {
    if (this.hasEnded) return done;
    return new Promise((resolve) => {
      (this.#endWaiters ??= []).push(resolve);
      this.#watch();
    });
  }

  /** Throws away what was not read and what still arrives; readers see the end. */
  discard(): void {
    this.#discards = true;
    this.queue.clear();
    this.#resume();
    this.#tellEnd();
  }

  /**
   * Ends the connection in good order. While the peer has not ended, bytes of it may arrive that nobody reads any
   * more: closing would answer them with a reset, and the peer could lose our last words with it. So the writing side
   * is ended first, and what comes is read and thrown away until the peer ends too, or at one of the limits.
   */
  close({ bytes, ms }: LingerLimits): void {
    this.#rejectReader('The socket was closed while an operation waited for it');
    if (this.#sendTimedOut) {
      this.connection.reset();
      return;
    }
    if (this.#isSending) this.#armFlush();
    if (this.#peerEnded) {
      this.connection.close();
      return;
    }
    this.#lingerBytes = bytes - this.queue.length;
    this.#lingerMs = this.#abortReason === undefined ? ms : drainLingerMs;
    this.#discards = true;
    this.queue.clear();
    this.connection.endWrite();
    if (!this.#isSending) this.#armLinger(this.#lingerMs);
    this.#resume();
  }

  /** Ends the connection at once; those who wait for it get `reason`, if there is one. */
  reset(reason: Error | undefined): void {
    this.failure ??= reason;
    this.connection.reset();
  }

  received(bytes: Buffer): boolean {
    this.bytesRead += bytes.length;
    if (this.#discards) return this.#dropped(bytes.length);
    const resolve = this.#resolveRead;
    if (resolve === undefined) {
      this.queue.push(bytes);
      this.#isFlowing = this.#isWatched && this.queue.length < watchBytes;
      return this.#isFlowing;
    }
    if (this.#readAtLeast > 0) {
      this.queue.push(bytes);
      if (this.queue.length < this.#readAtLeast) return true;
      this.#settleRead(nothing);
      return true;
    }
    const max = this.#readAtMost;
    if (bytes.length <= max) {
      this.#settleRead(bytes);
      return true;
    }
    this.queue.push(bytes.subarray(max));
    this.#settleRead(bytes.subarray(0, max));
    this.#isFlowing = false;
    return false;
  }

  ended(): void {
    this.#peerEnded = true;
    if (this.#lingerMs > 0) this.connection.close();
    this.#tellEnd();
  }

  #tellEnd(): void {
    this.hasEnded = true;
    this.#settleRead(nothing);
    const waiters = this.#endWaiters;
    this.#endWaiters = undefined;
    for (const resolve of waiters ?? []) resolve();
  }

  drained(): void {
    this.#isSending = false;
    const waiters = this.#drainWaiters;
    this.#drainWaiters = undefined;
    this.#writeDeadline?.disarm();
    for (const waiter of waiters ?? []) waiter.resolve();
    if (this.#lingerMs > 0) this.#armLinger(this.#lingerMs);
  }

  closed(error: Error | undefined): void {
    this.#isClosed = true;
    this.failure ??= error;
    this.#rejectReader('The connection was closed while an operation waited for it');
    this.#rejectSenders('The connection was closed before everything was sent');
    this.#peerEnded = true;
    this.#tellEnd();
    this.#controller?.abort(this.#endReason());
    this.#readDeadline?.close();
    this.#writeDeadline?.close();
    this.#onClosed(this.#owner);
  }

  /** Reads ahead, up to a bound, to notice a peer that ends or goes while nobody reads. */
  #watch(): void {
    this.#isWatched = true;
    if (this.queue.length < watchBytes && !this.hasEnded) this.#resume();
  }

  #resume(): void {
    this.#isFlowing = true;
    this.connection.resume();
  }

  #wait(operation: string): Promise<Buffer> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.resolve(nothing);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.#resolveRead = resolve;
    this.#rejectRead = reject;
    if (this.timeout !== undefined) this.#armRead(this.timeout, operation);
    this.#resume();
    return promise;
  }

  #dropped(bytes: number): boolean {
    this.#lingerBytes -= bytes;
    if (this.#lingerBytes < 0) this.connection.close();
    return true;
  }

  /** The time runs from when our own bytes are out: a slow reader gets them all. */
  #armLinger(ms: number): void {
    this.#readDeadline?.close();
    this.#readDeadline = new Deadline(clockOf(this.connection));
    this.#readDeadline.arm(ms, () => this.connection.close());
  }

  /** What was sent and not accepted yet gets a bounded time once the socket is closed: its peer may never read. */
  #armFlush(): void {
    this.#writeDeadline ??= new Deadline(clockOf(this.connection));
    this.#writeDeadline.arm(flushMs, () => this.connection.reset());
  }

  #rejectReader(message: string): void {
    const reject = this.#rejectRead;
    if (reject === undefined) return;
    this.#clearRead();
    reject(this.failure ?? new ConnectionClosedError(message));
  }

  #rejectSenders(message: string): void {
    const waiters = this.#drainWaiters;
    if (waiters === undefined) return;
    this.#drainWaiters = undefined;
    const error = this.failure ?? new ConnectionClosedError(message);
    for (const waiter of waiters) waiter.reject(error);
  }

  #endReason(): Error {
    return this.#abortReason ?? this.failure ?? new ConnectionClosedError('The connection is closed');
  }

  #settleRead(bytes: Buffer): void {
    const resolve = this.#resolveRead;
    this.#clearRead();
    resolve?.(bytes);
  }

  #clearRead(): void {
    this.#resolveRead = undefined;
    this.#rejectRead = undefined;
    this.#readDeadline?.disarm();
  }

  #armRead(seconds: number, operation: string): void {
    this.#readDeadline ??= new Deadline(clockOf(this.connection));
    this.#readDeadline.arm(seconds * 1000, () => {
      const reject = this.#rejectRead;
      this.#clearRead();
      reject?.(new SocketTimeoutError(operation, seconds));
    });
  }

  #armWrite(seconds: number, operation: string): void {
    this.#writeDeadline ??= new Deadline(clockOf(this.connection));
    this.#writeDeadline.arm(seconds * 1000, () => {
      this.#sendTimedOut = true;
      const waiters = this.#drainWaiters;
      this.#drainWaiters = undefined;
      for (const waiter of waiters ?? []) waiter.reject(new SocketTimeoutError(operation, seconds));
    });
  }
}

function refuseSecondRead(operation: string): Promise<never> {
  return Promise.reject(new TypeError(`Cannot ${operation}: another read of this socket must end first`));
}
