/** Places of a new table; a power of two, as all sizes are. */
const firstPlaces = 16;

/**
 * Values by whole numbers, for many that come and go.
 *
 * Not a `Map`, for the reason that `OpenConnections` is no `Set`: the old tables of one keep what is dead alive until the next
 * full collection. Each value lies at the place that its number's last bits name, or at the next free one after it; numbers
 * that are given out one after the other hardly ever meet.
 */
export class NumberTable<V> {
  #numbers: (number | undefined)[] = vacant(firstPlaces);
  #values: (V | undefined)[] = vacant(firstPlaces);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(number: number): boolean {
    return this.#numbers[this.#placeOf(number)] === number;
  }

  get(number: number): V | undefined {
    return this.#values[this.#placeOf(number)];
  }

  /** Puts a value in, in the place of one that had the number. */
  set(number: number, value: V): void {
    const place = this.#placeOf(number);
    this.#values[place] = value;
    if (this.#numbers[place] === number) return;
    this.#numbers[place] = number;
    this.#size += 1;
    if (this.#size * 2 > this.#numbers.length) this.#resize(this.#numbers.length * 2);
  }

  /** Does nothing where there is none. A table that has become nearly empty gives its room back. */
  delete(number: number): void {
    const place = this.#placeOf(number);
    if (this.#numbers[place] !== number) return;
    this.#size -= 1;
    const places = this.#numbers.length;
    this.#vacate(place);
    if (places > firstPlaces && this.#size * 8 < places) this.#resize(places / 2);
  }

  /** Visits all that is in, in no order; nothing may change meanwhile. */
  forEach(visit: (value: V, number: number) => void): void {
    for (const [place, number] of this.#numbers.entries()) {
      if (number !== undefined) visit(this.#values[place]!, number);
    }
  }

  /** Gives what is in now, in no order, but for what is taken out before its turn. */
  *values(): IterableIterator<V> {
    const numbers: number[] = [];
    this.forEach((_value, number) => numbers.push(number));
    for (const number of numbers) if (this.has(number)) yield this.get(number)!;
  }

  /** @returns where the number is, or else where it belongs, which is free. */
  #placeOf(number: number): number {
    const last = this.#numbers.length - 1;
    let place = number & last;
    while (this.#numbers[place] !== number && this.#numbers[place] !== undefined) place = (place + 1) & last;
    return place;
  }

  /** Those behind it that could not lie where they belong come nearer, so that no look for them ends too soon. */
  #vacate(place: number): void {
    const last = this.#numbers.length - 1;
    let free = place;
    for (let next = (place + 1) & last; ; next = (next + 1) & last) {
      const number = this.#numbers[next];
      if (number === undefined) break;
      const hasFreeOnItsWay = ((next - number) & last) >= ((next - free) & last);
      if (!hasFreeOnItsWay) continue;
      this.#numbers[free] = number;
      this.#values[free] = this.#values[next];
      free = next;
    }
    this.#numbers[free] = undefined;
    this.#values[free] = undefined;
  }

  #resize(places: number): void {
    const numbers = this.#numbers;
    const values = this.#values;
    this.#numbers = vacant(places);
    this.#values = vacant(places);
    for (const [from, number] of numbers.entries()) {
      if (number === undefined) continue;
      const place = this.#placeOf(number);
      this.#numbers[place] = number;
      this.#values[place] = values[from];
    }
  }
}

function vacant(places: number): undefined[] {
  return Array.from({ length: places });
}
