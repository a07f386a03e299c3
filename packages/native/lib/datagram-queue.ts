import type { Datagram, DatagramBindOptions } from './contract.ts';

/** How many datagrams may wait, and which one goes when another comes. */
export type QueueLimits = Pick<DatagramBindOptions, 'maxPending' | 'whenFull'>;

/** Datagrams that were taken out of the kernel while nobody pulled, bounded by dropping. */
export class DatagramQueue {
  readonly #limits: QueueLimits;
  #items: Datagram[] = [];
  #head = 0;
  #dropped = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  /** Datagrams dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  push(datagram: Datagram): void {
    const isFull = this.#items.length - this.#head >= this.#limits.maxPending;
    if (isFull) {
      this.#dropped += 1;
      if (this.#limits.whenFull === 'drop-newest') return;
      this.take();
    }
    this.#items.push(datagram);
  }

  take(): Datagram | undefined {
    const datagram = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= this.#items.length || this.#head > 1_024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return datagram;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
