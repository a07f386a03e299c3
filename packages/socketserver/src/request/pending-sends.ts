import type { Clock } from '../engine/clock.ts';
import { SocketTimeoutError } from '../errors/connection-errors.ts';
import { Deadline } from './deadline.ts';

/** How long a send may wait. */
export interface SendDeadline {
  /** Begins the message of the error. */
  readonly operation: string;
  /** `undefined` waits for ever. */
  readonly seconds: number | undefined;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends of one connection that wait until the engine has been rid of them. */
export class PendingSends {
  /** `stuck`: the peer did not read in time, and has not since. */
  #state: 'none' | 'waiting' | 'stuck' = 'none';
  #writes: Waiter[] = [];
  /** How to fail the files that are on their way. */
  readonly #files = new Set<Waiter['reject']>();
  readonly #deadline: Deadline;
  #isTimed = false;

  constructor(clock: Clock) {
    this.#deadline = new Deadline(clock);
  }

  get isWaiting(): boolean {
    return this.#state !== 'none';
  }

  get isStuck(): boolean {
    return this.#state === 'stuck';
  }

  /** Waits for {@link drained}. @throws SocketTimeoutError; what {@link fail} is given. */
  write(deadline: SendDeadline): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writes.push({ resolve, reject });
      this.#began(deadline);
    });
  }

  /**
   * Waits for a file that the engine sends, which says itself when it is done.
   *
   * @param settled - called where nothing waits any more after it.
   * @throws as {@link write}, and what `sending` rejects with.
   */
  file(sending: Promise<number>, deadline: SendDeadline, settled: () => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#files.add(reject);
      this.#began(deadline);
      const ended = (): void => {
        this.#files.delete(reject);
        if (this.#settle()) settled();
      };
      void sending.then(resolve, reject).then(ended);
    });
  }

  /** Everything written was accepted. */
  drained(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#settle();
    for (const { resolve } of writes) resolve();
  }

  /** The connection is over. */
  fail(error: Error): void {
    this.#deadline.close();
    this.#rejectAll(error);
  }

  #began({ operation, seconds }: SendDeadline): void {
    if (this.#state === 'none') this.#state = 'waiting';
    // What is sent in order is late in order: the first that waits has the deadline.
    if (seconds === undefined || this.#isTimed) return;
    this.#isTimed = true;
    this.#deadline.arm(seconds * 1000, () => {
      this.#isTimed = false;
      this.#state = 'stuck';
      this.#rejectAll(new SocketTimeoutError(operation, seconds));
    });
  }

  #rejectAll(error: Error): void {
    const writes = this.#writes;
    this.#writes = [];
    for (const { reject } of writes) reject(error);
    for (const reject of this.#files) reject(error);
  }

  /** @returns whether nothing waits any more. */
  #settle(): boolean {
    if (this.#writes.length > 0 || this.#files.size > 0) return false;
    this.#state = 'none';
    this.#isTimed = false;
    this.#deadline.disarm();
    return true;
  }
}
