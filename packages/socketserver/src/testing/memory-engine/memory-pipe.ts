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
  readonly #chunkBytes: number;
  #ends: PipeEnds | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #isFlowing = false;
  #writerWaits = false;
  #writerEnded = false;
  #endWasTold = false;
  #deliveryIsDue = false;
  #isCut = false;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  get hasUnread(): boolean {
    return this.#length > 0;
  }

  attach(ends: PipeEnds): void {
    this.#ends = ends;
  }

  /** Takes a copy; returns whether the pipe has room left for the next write. */
  write(bytes: Uint8Array): boolean {
    this.#chunks.push(Buffer.from(bytes));
    this.#length += bytes.length;
    this.#schedule();
    this.#writerWaits ||= this.#length > capacityBytes;
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
    this.#chunks = [];
    this.#length = 0;
  }

  #schedule(): void {
    if (this.#deliveryIsDue || this.#isCut) return;
    this.#deliveryIsDue = true;
    setImmediate(() => {
      this.#deliveryIsDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const first = this.#chunks[0];
    if (this.#isCut || this.#ends === undefined || !this.#isFlowing) return;
    if (first === undefined) {
      if (!this.#writerEnded || this.#endWasTold) return;
      this.#endWasTold = true;
      this.#ends.ended();
      return;
    }
    const bytes = first.subarray(0, this.#chunkBytes);
    if (bytes.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(bytes.length);
    this.#length -= bytes.length;
    this.#isFlowing = this.#ends.received(bytes);
    if (this.#writerWaits && this.#length <= capacityBytes) {
      this.#writerWaits = false;
      this.#ends.drained();
    }
    this.#schedule();
  }
}
