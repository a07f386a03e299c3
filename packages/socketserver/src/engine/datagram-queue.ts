import type { SocketAddress } from '../address/socket-address.ts';
import type { Datagram, DatagramBindOptions } from './contract/datagram-port.ts';
import { RequestQueue } from './request-queue.ts';

/** What a {@link DatagramQueue} keeps, and what it drops. */
export type DatagramLimits = Pick<DatagramBindOptions, 'maxPacketSize' | 'maxPending' | 'whenFull'>;

/** Datagrams that came before somebody asked for them: a bounded number, each of a bounded length. */
export class DatagramQueue extends RequestQueue<Datagram> {
  readonly #limits: DatagramLimits;
  #dropped = 0;

  constructor(limits: DatagramLimits) {
    super();
    this.#limits = limits;
  }

  /** Datagrams dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether the next one that comes costs one. */
  get isFull(): boolean {
    return this.length >= this.#limits.maxPending;
  }

  /** Keeps a datagram, cut to what it may be long, and drops one where there are too many. `bytes` are the queue's. */
  arrived(bytes: Buffer, remoteAddress: SocketAddress): void {
    const { maxPacketSize, whenFull } = this.#limits;
    if (this.isFull) {
      this.#dropped += 1;
      if (whenFull === 'drop-newest') return;
      this.dropOldest();
    }
    const truncated = bytes.length > maxPacketSize;
    this.push({ bytes: truncated ? bytes.subarray(0, maxPacketSize) : bytes, remoteAddress, truncated });
  }
}
