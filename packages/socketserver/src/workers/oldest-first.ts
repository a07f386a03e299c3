/** What an {@link OldestFirst} keeps in order; the two links are the list's. */
export interface Aged<T> {
  /** When it began; of two that began at once the one with the smaller number is older, whatever its sign. */
  readonly begunAt: number;
  readonly id: number;
  older: T | undefined;
  younger: T | undefined;
}

/** Keeps what began in the order of its beginning: each of many can be taken out at once, and the oldest are found at once. */
export class OldestFirst<T extends Aged<T>> {
  #oldest: T | undefined;
  #youngest: T | undefined;

  /** Puts one in, which is in no list. */
  add(one: T): void {
    let older = this.#youngest; // mostly the one before it
    while (older !== undefined && isOlder(one, older)) older = older.older;
    const younger = older === undefined ? this.#oldest : older.younger;
    this.#link(older, one);
    this.#link(one, younger);
  }

  /** Takes one out that is in. */
  delete(one: T): void {
    const { older, younger } = one;
    one.older = one.younger = undefined;
    this.#link(older, younger);
  }

  *[Symbol.iterator](): Generator<T, undefined> {
    for (let one = this.#oldest; one !== undefined; one = one.younger) yield one;
  }

  /** @returns how many began by a time; it counts no further than to `most`. */
  countBegunBy(time: number, most: number): number {
    let count = 0;
    for (let one = this.#oldest; one !== undefined && count < most; one = one.younger) {
      if (one.begunAt > time) break;
      count += 1;
    }
    return count;
  }

  #link(older: T | undefined, younger: T | undefined): void {
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
  }
}

function isOlder<T extends Aged<T>>(one: T, other: T): boolean {
  if (one.begunAt !== other.begunAt) return one.begunAt < other.begunAt;
  return Math.abs(one.id) < Math.abs(other.id);
}
