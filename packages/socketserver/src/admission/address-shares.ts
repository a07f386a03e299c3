import type { Connection } from '../engine/contract/connection.ts';

/** How many connections each client has open, and whose further ones wait until it has room. */
export class AddressShares {
  #max: number;
  readonly #open = new Map<string, number>();
  readonly #waiting = new Map<string, Connection[]>();
  #waitingCount = 0;

  /** @param max - connections that one client may have open. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Connections that wait. */
  get waiting(): number {
    return this.#waitingCount;
  }

  /** Counts one that is open already, whatever the limit. */
  count(group: string): void {
    this.#open.set(group, this.#openOf(group) + 1);
  }

  /** Counts one more of a client, if that has room. */
  enter(group: string): boolean {
    if (this.#openOf(group) >= this.#max) return false;
    this.count(group);
    return true;
  }

  /** Keeps one until its client has room. */
  park(group: string, connection: Connection): void {
    const others = this.#waiting.get(group);
    if (others === undefined) this.#waiting.set(group, [connection]);
    else others.push(connection);
    this.#waitingCount += 1;
  }

  /** One of a client's is closed. @returns one that may come in its place, and counts already. */
  leave(group: string): Connection | undefined {
    const open = this.#openOf(group) - 1;
    if (open > 0) this.#open.set(group, open);
    else this.#open.delete(group);
    return this.#next(group);
  }

  /** Takes another limit. @returns those that may come now, and count already. */
  change(max: number): Connection[] {
    this.#max = max;
    const room: Connection[] = [];
    for (const group of this.#waiting.keys()) {
      for (let next = this.#next(group); next !== undefined; next = this.#next(group)) room.push(next);
    }
    return room;
  }

  /** Gives up all that wait. */
  clear(): Connection[] {
    const rest = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    this.#waitingCount = 0;
    return rest;
  }

  #openOf(group: string): number {
    return this.#open.get(group) ?? 0;
  }

  #next(group: string): Connection | undefined {
    const waiting = this.#waiting.get(group);
    if (waiting === undefined || !this.enter(group)) return undefined;
    this.#waitingCount -= 1;
    const next = waiting.shift();
    if (waiting.length === 0) this.#waiting.delete(group);
    return next;
  }
}
