import { clockOf } from '../engine/clock.ts';
import type { Connection } from '../engine/contract.ts';
import { SocketTimeoutError } from '../errors.ts';
import type { ByteQueue } from './byte-queue.ts';
import { Deadline } from './deadline.ts';

const nothing = Buffer.alloc(0);

/** The one read of a connection that may wait. */
export class PendingRead {
  readonly #connection: Connection;
  #atMost = 0;
  #atLeast = 0;
  #resolve: ((bytes: Buffer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #deadline: Deadline | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isWaiting(): boolean {
    return this.#resolve !== undefined;
  }

  /** Whether it waits for so many bytes, and not for any. */
  get wantsMessage(): boolean {
    return this.#atLeast > 0;
  }

  /** Waits for bytes; gives 1 to `max` of them, none at the end. */
  some(max: number, operation: string, seconds: number | undefined): Promise<Buffer> {
    this.#atMost = max;
    this.#atLeast = 0;
    return this.#wait(operation, seconds);
  }

  /** Waits until the queue holds at least `count` bytes, or for the end; gives none. */
  atLeast(count: number, operation: string, seconds: number | undefined): Promise<Buffer> {
    this.#atLeast = count;
    return this.#wait(operation, seconds);
  }

  /**
   * Gives it bytes that came, and what is too much to the queue of `sink`.
   *
   * @returns whether more may come at once.
   */
  received(bytes: Buffer, sink: { readonly queue: ByteQueue }): boolean {
    if (this.#atLeast > 0) {
      const { queue } = sink;
      queue.push(bytes);
      if (queue.length >= this.#atLeast) this.end();
      return true;
    }
    const max = this.#atMost;
    if (bytes.length <= max) {
      this.#settle(bytes);
      return true;
    }
    sink.queue.push(bytes.subarray(max));
    this.#settle(bytes.subarray(0, max));
    return false;
  }

  /** Nothing more will come. */
  end(): void {
    this.#settle(nothing);
  }

  fail(error: Error): void {
    const reject = this.#reject;
    this.#clear();
    reject?.(error);
  }

  /** Frees the timer. */
  close(): void {
    this.#deadline?.close();
  }

  #wait(operation: string, seconds: number | undefined): Promise<Buffer> {
    if (seconds !== undefined) this.#arm(operation, seconds);
    // The optimizing compiler takes this apart, and withResolvers() not.
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  #settle(bytes: Buffer): void {
    const resolve = this.#resolve;
    this.#clear();
    resolve?.(bytes);
  }

  #clear(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#deadline?.disarm();
  }

  #arm(operation: string, seconds: number): void {
    this.#deadline ??= new Deadline(clockOf(this.#connection));
    this.#deadline.arm(seconds * 1000, () => this.fail(new SocketTimeoutError(operation, seconds)));
  }
}
