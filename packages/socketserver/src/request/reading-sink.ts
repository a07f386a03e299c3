import { clockOf } from '../engine/clock.ts';
import type { Connection } from '../engine/contract/connection.ts';
import { ConnectionClosedError, SocketTimeoutError } from '../errors/connection-errors.ts';
import { Deadline } from './deadline.ts';
import { ReceivedBytes } from './received-bytes.ts';

const nothing = Buffer.alloc(0);

/** Whose connection it is. */
export interface SinkOwner {
  /** Seconds that one operation may wait; `undefined` waits for ever. */
  gettimeout(): number | undefined;
  /** The descriptor is free. Called once, and last. */
  connectionClosed(): void;
}

/**
 * Who waits for what arrives on one connection: the reading half of a `SocketSink`.
 *
 * Walk of a byte: engine → `received` → straight to the waiting reader, or into `queue` of {@link ReceivedBytes}. Bytes
 * that nobody waits for stop the engine, so at most one delivery is held that the handler did not ask for.
 */
export abstract class ReadingSink extends ReceivedBytes {
  protected readonly owner: SinkOwner;
  /**
   * The one read that may wait, for any bytes up to `#atMost`, or for `#atLeast` in the queue. It stands here and not in an
   * object of its own, and without the function that would reject it: an idle connection is one that waits.
   */
  #resolve: ((bytes: Buffer | Promise<never>) => void) | undefined;
  #atMost = 0;
  #atLeast = 0;
  #deadline: Deadline | undefined;

  protected constructor(connection: Connection, owner: SinkOwner) {
    super(connection);
    this.owner = owner;
  }

  /** Bytes came that nobody can read any more. */
  protected abstract dropped(count: number): void;

  /** Seconds that one operation may wait; `undefined` waits for ever. */
  get timeout(): number | undefined {
    return this.owner.gettimeout();
  }

  /** What its handler waits for: as `Pace` says it. */
  get awaits(): 'nothing' | 'bytes' | 'message' | 'rest' | 'end' {
    if (!this.hasReader) return this.watch?.hasWaiters === true ? 'end' : 'nothing';
    if (this.#atLeast === 0) return 'bytes';
    return this.unread > 0 ? 'rest' : 'message';
  }

  /** Whether somebody waits for bytes: nobody else may take any then. */
  get hasReader(): boolean {
    return this.#resolve !== undefined;
  }

  /**
   * Has readers find the end of the stream where nothing of a message has come. One of which something has come is awaited
   * still, and what is there can be read.
   */
  endReads(): void {
    this.readsEnd = true;
    if (this.hasReader && this.hasEnded) this.#settle(nothing);
  }

  /** Waits for bytes; gives 1 to `max` of them, none at the end. */
  readSome(max: number, operation: string): Promise<Buffer> {
    if (this.hasReader) return refuseSecondRead(operation);
    const there = this.takeChunkIfThere(max);
    if (there !== undefined) return Promise.resolve(there);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.hasEnded) return Promise.resolve(nothing);
    this.#atMost = max;
    this.#atLeast = 0;
    const bytes = this.#wait(operation);
    this.connection.resume();
    return bytes;
  }

  /** Waits until `queue` holds at least `count` bytes, or for the end. */
  async fill(count: number, operation: string): Promise<void> {
    if (this.hasReader) return refuseSecondRead(operation);
    if (this.unread >= count) return;
    if (this.failure !== undefined) throw this.failure;
    if (this.hasEnded) return;
    this.#atLeast = count;
    const filled = this.#wait(operation);
    this.connection.resume();
    await filled;
  }

  /** Throws away what was not read and what still arrives; readers see the end. */
  discard(): void {
    if (this.stage === 'open') this.stage = 'deaf';
    this.clearQueue();
    this.connection.resume();
    this.tellEnd();
  }

  received(bytes: Buffer): boolean {
    this.bytesRead += bytes.length;
    if (this.stage !== 'open') {
      this.dropped(bytes.length);
      return true;
    }
    if (!this.hasReader) return this.keep(bytes);
    if (this.#atLeast > 0) {
      this.queue.push(bytes);
      if (this.unread >= this.#atLeast) this.#settle(nothing);
      return true;
    }
    const max = this.#atMost;
    if (bytes.length <= max) {
      this.#settle(bytes);
      return true;
    }
    this.queue.push(bytes.subarray(max));
    this.#settle(bytes.subarray(0, max));
    return false;
  }

  protected tellEnd(): void {
    if (this.hasReader) this.#settle(nothing);
    this.watch?.ended();
  }

  protected failRead(message: string): void {
    if (this.hasReader) this.#settle(Promise.reject(this.closure(message)));
  }

  /** Frees the timer. */
  protected closeReads(): void {
    this.#deadline?.close();
  }

  protected closure(message: string): Error {
    return this.failure ?? new ConnectionClosedError(message);
  }

  #wait(operation: string): Promise<Buffer> {
    const seconds = this.timeout;
    if (seconds !== undefined) {
      this.#deadline ??= new Deadline(clockOf(this.connection));
      this.#deadline.arm(seconds * 1000, () =>
        this.#settle(Promise.reject(new SocketTimeoutError(operation, seconds))),
      );
    }
    // The optimizing compiler takes this apart, and withResolvers() not.
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Ends the read that waits. */
  #settle(outcome: Buffer | Promise<never>): void {
    const resolve = this.#resolve!;
    this.#resolve = undefined;
    this.#deadline?.disarm();
    resolve(outcome);
  }
}

function refuseSecondRead(operation: string): Promise<never> {
  return Promise.reject(secondRead(operation));
}

/** What a read fails with that begins while another one waits. */
export function secondRead(operation: string): TypeError {
  return new TypeError(`Cannot ${operation}: another read of this socket must end first`);
}
