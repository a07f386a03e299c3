import { getHeapSpaceStatistics } from 'node:v8';

/** Large buffers between two young collections: half of the 64 MiB at which V8 makes a full one by itself. */
const buffersPerCollection = 512;
/** Buffers between two looks at V8's heap, which grows and shrinks. */
const buffersPerLook = 512;
/** Words of one piece: more would lie among the old objects. [V8: kMaxRegularHeapObjectSize] */
const maxWords = 8 * 1024;

/**
 * Garbage left behind with each large buffer. V8 counts the buffers' memory, and by itself makes a full collection for
 * every 64 MiB of it; enough litter among young objects brings the cheap young collection first, which frees the buffers
 * as well. How much that is depends on the room that young objects have, which V8 makes larger as it sees fit.
 */
export class Litter {
  #pattern: readonly number[] = [];
  #left = 0;
  /** Held until the next, so that no compiler finds it unused. */
  last: readonly number[] = [];

  /** Call it for each large buffer. */
  drop(): void {
    if (this.#left === 0) this.#look();
    this.#left -= 1;
    this.last = this.#pattern.slice();
  }

  #look(): void {
    this.#left = buffersPerLook;
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    const words = Math.ceil((young?.space_size ?? 0) / 8 / buffersPerCollection);
    this.#pattern = Array.from({ length: Math.min(words, maxWords) }, () => 0);
  }
}
