import type { Clock } from '../../engine/clock.ts';

/** Options of a {@link MemoryNetwork}. */
export interface MemoryNetworkOptions {
  /** Sizes of the deliveries of one direction, used in turn, over and over. */
  readonly chunkBytes: readonly number[];
  readonly clock: Clock | undefined;
}

/** What all connections of one memory engine have in common: how bytes are cut up, and what is under way. */
export class MemoryNetwork {
  readonly clock: Clock | undefined;
  readonly #chunkBytes: readonly number[];
  #underWay = 0;

  constructor({ chunkBytes, clock }: MemoryNetworkOptions) {
    this.#chunkBytes = chunkBytes;
    this.clock = clock;
  }

  /** Whether something is yet to be delivered. */
  get isBusy(): boolean {
    return this.#underWay > 0;
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
