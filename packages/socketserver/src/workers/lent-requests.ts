import type { InetAddress } from '../address/socket-address.ts';
import type { ClosedConnection } from './messages/from-worker.ts';
import { NumberTable } from './number-table.ts';

/** A request that a thread took itself, from a listener on loan. */
export interface LentRequest {
  /** The server's number: `request.id`. Its negative is the pool's. */
  readonly number: number;
  readonly clientAddress: InetAddress;
  /** When the server learned of it. */
  readonly cameAt: number;
  /** Whether its handler runs. */
  isRunning: boolean;
  /** What went over its connection, once that is closed. */
  closed: ClosedConnection | undefined;
  /** Whether somebody is to be told of it who was not yet. */
  isUntold: boolean;
}

/** What a server counts. */
export interface LentCounts {
  accepted: number;
  served: number;
  bytesRead: number;
  bytesWritten: number;
}

/** What {@link LentRequests} ask of their server. */
export interface LentOwner {
  readonly counts: LentCounts;
  /** Whether each request has to be a request of the server's from its beginning, since somebody is told of it. */
  readonly isWatched: boolean;
}

/**
 * Requests that a thread took itself and that nobody but it has looked at: their server counts them, and knows whose they are.
 * Most are over before anybody wants to know more.
 */
export class LentRequests {
  readonly #owner: LentOwner;
  readonly #open = new NumberTable<LentRequest>();
  #running = 0;

  constructor(owner: LentOwner) {
    this.#owner = owner;
  }

  /** Requests whose handlers run, or whose connections are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Requests whose handlers run. */
  get running(): number {
    return this.#running;
  }

  /** A thread has taken it. */
  came(number: number, clientAddress: InetAddress, now: number): LentRequest {
    const lent: LentRequest = {
      number,
      clientAddress,
      cameAt: now,
      isRunning: true,
      closed: undefined,
      isUntold: this.#owner.isWatched,
    };
    this.#owner.counts.accepted += 1;
    this.#running += 1;
    this.#open.set(-number, lent);
    return lent;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  /** Its handler has returned. @returns when it came; `undefined` where it is not one of these. */
  served(id: number): number | undefined {
    const lent = this.#open.get(id);
    if (lent === undefined) return undefined;
    this.#owner.counts.served += 1;
    this.#running -= 1;
    lent.isRunning = false;
    if (lent.closed !== undefined) this.#open.delete(id);
    return lent.cameAt;
  }

  /** Its connection is closed. @returns whether it is one of these. */
  closed(counts: ClosedConnection): boolean {
    const lent = this.#open.get(counts.id);
    if (lent === undefined) return false;
    this.#owner.counts.bytesRead += counts.bytesRead;
    this.#owner.counts.bytesWritten += counts.bytesWritten;
    lent.closed = counts;
    if (!lent.isRunning) this.#open.delete(counts.id);
    return true;
  }

  /**
   * Lets go of one that becomes a request like any other. That is counted as it ends, and its bytes are; where the handler
   * has returned it is counted already.
   */
  take(id: number): LentRequest | undefined {
    const lent = this.#open.get(id);
    if (lent === undefined) return undefined;
    const { counts } = this.#owner;
    this.#open.delete(id);
    if (lent.isRunning) this.#running -= 1;
    counts.bytesRead -= lent.closed?.bytesRead ?? 0;
    counts.bytesWritten -= lent.closed?.bytesWritten ?? 0;
    return lent;
  }

  /**
   * The pool's numbers of those that came before a time, in the order in which they came. All are visited, which are few: no
   * more than their worker's quota, since those that last are taken out.
   */
  olderThan(time: number): number[] {
    const ids: number[] = [];
    this.#open.forEach(({ cameAt }, id) => {
      if (cameAt <= time) ids.push(id);
    });
    return ids.sort((a, b) => b - a);
  }
}
