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
    this.#rouse();
  }

  /** Makes the next {@link take} throw. */
  fail(error: Error): void {
    this.#errors.push(error);
    this.#rouse();
  }

  /** Takes the oldest item. @throws an error that was reported. */
  take(): Item | undefined {
    const error = this.#errors.shift();
    if (error !== undefined) throw error;
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  notify(wake: (() => void) | undefined): void {
    this.#wake = wake;
    if (wake !== undefined && this.isReady) this.#rouse();
  }

  /** Takes everything that waits, to end it. */
  clear(): Item[] {
    const rest = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#errors = [];
    return rest;
  }

  #rouse(): void {
    if (this.#wake === undefined || this.#wakeIsQueued) return;
    this.#wakeIsQueued = true;
    queueMicrotask(() => {
      this.#wakeIsQueued = false;
      const wake = this.#wake;
      if (wake === undefined || !this.isReady) return;
      this.#wake = undefined;
      wake();
    });
  }
}
