import { inetAddress, isInetAddress, type SocketAddress } from '../../address/socket-address.ts';
import type { Connection } from '../../engine/contract/connection.ts';
import type { Engine } from '../../engine/contract/engine.ts';

/** Who listens at an address. */
export interface Accepting {
  /** Puts a client into the queue; `false` when nobody listens or the queue is full. */
  offer(connection: Connection): boolean;
}

/** Who receives datagrams at an address. */
export interface Receiving {
  arrived(bytes: Buffer, sender: SocketAddress): void;
}

/** What everything on one memory engine has in common: who is bound, how bytes are cut up, and what is under way. */
export class MemoryNetwork {
  readonly clock: Engine['clock'];
  /** By their formatted addresses. */
  readonly listeners = new Map<string, Accepting>();
  readonly ports = new Map<string, Receiving>();
  readonly #chunkBytes: readonly number[];
  #lastPort = 49_151;
  #underWay = 0;

  /** @param chunkBytes - sizes of the deliveries of one direction, used in turn, over and over. */
  constructor(chunkBytes: readonly number[], clock: Engine['clock']) {
    this.#chunkBytes = chunkBytes;
    this.clock = clock;
  }

  /** Whether something is yet to be delivered. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** The address itself, with a free port where it has none. */
  withPort(address: SocketAddress): SocketAddress {
    if (!isInetAddress(address) || address[1] !== 0) return address;
    this.#lastPort += 1;
    return inetAddress(address[0], this.#lastPort);
  }

  /** The most that delivery number `index` of one direction brings. */
  chunkBytes(index: number): number {
    return this.#chunkBytes[index % this.#chunkBytes.length]!;
  }

  /** Calls `deliver` in a later turn of the event loop, after all that were given before. */
  later(deliver: () => void): void {
    this.#underWay += 1;
    setImmediate(() => {
      this.#underWay -= 1;
      deliver();
    });
  }
}
