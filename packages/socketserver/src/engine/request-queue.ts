/**
 * What an engine has taken from the operating system and nobody has pulled yet, and who waits for it: the
 * common part of a listener and of a datagram port.
 */
export class RequestQueue<Item> {
  #items: Item[] = [];
  #head = 0;
  #errors: Error[] = [];
  #wake: (() => void) | undefined;
  #wakeIsQueued = false;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get isReady(): boolean {
    return this.length > 0 || this.#errors.length > 0;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#callWake();
  }

  /** Makes the next {@link take} throw. */
  fail(error: Error): void {
    this.#errors.push(error);
    this.#callWake();
  }

  /** Takes the oldest item. @throws an error that was reported. */
  take(): Item | undefined {
    const error = this.#errors.shift();
    if (error !== undefined) throw error;
    if (this.#head === this.#items.length) return undefined;
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
    const rest = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#errors = [];
    return rest;
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  #callWake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
