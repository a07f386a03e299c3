/**
 * What an engine has taken from the operating system and nobody has pulled yet, and who waits for it: the
 * common part of a listener and of a datagram port.
 */
export class RequestQueue<Item> {
  /** Kept while it is empty: requests mostly come one at a time, and a fresh array would cost more than they do. */
  #items: (Item | undefined)[] = [];
  #head = 0;
  #tail = 0;
  #errors: Error[] = [];
  #wake: (() => void) | undefined;
  #wakeIsQueued = false;

  get length(): number {
    return this.#tail - this.#head;
  }

  get isReady(): boolean {
    return this.length > 0 || this.#errors.length > 0;
  }

  /** The oldest item, which stays. */
  get first(): Item | undefined {
    return this.#items[this.#head];
  }

  /** Looks at all items, the oldest first; they stay. */
  *[Symbol.iterator](): Iterator<Item> {
    for (let index = this.#head; index < this.#tail; index += 1) yield this.#items[index]!;
  }

  push(item: Item): void {
    this.#items[this.#tail] = item;
    this.#tail += 1;
    this.#callWake();
  }

  /** Makes the next {@link take} throw. */
  fail(error: Error): void {
    this.#errors.push(error);
    this.#callWake();
  }

  /** Takes the oldest item. @throws an error that was reported. */
  take(): Item | undefined {
    if (this.#errors.length > 0) throw this.#errors.shift()!;
    if (this.#head === this.#tail) return undefined;
    const item = this.#items[this.#head];
    this.#advance();
    return item;
  }

  notify(wake: (() => void) | undefined): void {
    this.#wake = wake;
    if (wake === undefined || this.#wakeIsQueued || !this.isReady) return;
    this.#wakeIsQueued = true;
    queueMicrotask(() => {
      this.#wakeIsQueued = false;
      if (this.isReady) this.#callWake();
    });
  }

  /** Drops the oldest item, which must be there. */
  dropOldest(): void {
    this.#advance();
  }

  /** Takes everything that waits, to end it. */
  clear(): Item[] {
    this.#errors = [];
    const rest: Item[] = [];
    for (let item = this.take(); item !== undefined; item = this.take()) rest.push(item);
    return rest;
  }

  #advance(): void {
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#tail) {
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#head > 1024) {
      this.#items = this.#items.slice(this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    }
  }

  #callWake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
