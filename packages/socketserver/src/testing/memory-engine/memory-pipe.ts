import { ByteQueue } from '../../request/byte-queue.ts';
import type { MemoryNetwork } from './memory-network.ts';

/** Bytes that one direction holds before its writer has to wait, as a kernel's socket buffer would. */
const capacityBytes = 65_536;

/** Who is at the two ends of a {@link MemoryPipe}. */
export interface PipeEnds {
  /** Takes bytes; returns whether it wants more. */
  received(bytes: Buffer): boolean;
  ended(): void;
  /** The writer's memory is free again. */
  drained(): void;
}

/** One direction of a connection in memory: bytes go in at once and come out in later turns of the event loop. */
export class MemoryPipe {
  readonly #network: MemoryNetwork;
  readonly #bytes = new ByteQueue();
  #ends: PipeEnds | undefined;
  #deliveries = 0;
  #delivered = 0;
  #isFlowing = false;
  #writerWaits = false;
  #writerEnded = false;
  #endWasTold = false;
  #deliveryIsDue = false;
  #isCut = false;

  constructor(network: MemoryNetwork) {
    this.#network = network;
  }

  get hasUnread(): boolean {
    return this.#bytes.length > 0;
  }

  /** Bytes that came out. */
  get delivered(): number {
    return this.#delivered;
  }

  attach(ends: PipeEnds): void {
    this.#ends = ends;
  }

  /** Takes a copy; returns whether the pipe has room left for the next write. */
  write(bytes: Uint8Array): boolean {
    this.#bytes.push(Buffer.from(bytes));
    this.#schedule();
    this.#writerWaits ||= this.#bytes.length > capacityBytes;
    return !this.#writerWaits;
  }

  end(): void {
    this.#writerEnded = true;
    this.#schedule();
  }

  resume(): void {
    this.#isFlowing = true;
    this.#schedule();
  }

  /** Nothing goes in or comes out any more. */
  cut(): void {
    this.#isCut = true;
    this.#bytes.clear();
  }

  get #hasNews(): boolean {
    return this.hasUnread || (this.#writerEnded && !this.#endWasTold);
  }

  #schedule(): void {
    if (this.#deliveryIsDue || this.#isCut || !this.#isFlowing || !this.#hasNews) return;
    this.#deliveryIsDue = true;
    this.#network.later(() => {
      this.#deliveryIsDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#isCut || this.#ends === undefined || !this.#isFlowing || !this.#hasNews) return;
    if (!this.hasUnread) {
      this.#endWasTold = true;
      this.#ends.ended();
      return;
    }
    const size = this.#network.chunkBytes(this.#deliveries);
    this.#deliveries += 1;
    const bytes = this.#bytes.take(Math.min(size, this.#bytes.length));
    this.#delivered += bytes.length;
    this.#isFlowing = this.#ends.received(bytes);
    if (this.#writerWaits && this.#bytes.length <= capacityBytes) {
      this.#writerWaits = false;
      this.#ends.drained();
    }
    this.#schedule();
  }
}
