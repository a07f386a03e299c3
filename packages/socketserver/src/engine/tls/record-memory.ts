import { markAsUntransferable } from 'node:worker_threads';
import { largeMemoryTaken } from '../large-memory.ts';

/** The most that one TLS record holds. [RFC 8446 5.1] */
export const recordBytes = 16_384;

/** Records from this size on are worth memory that is given away; smaller ones are copied, unless they end what long ones began. */
const longBytes = 8_192;

/** Room that a block must have for what begins there: as much as is mostly sent at once, and what heads it. */
const burstBytes = 65_552;

/** Two bursts, and room for a record behind them. */
const blockBytes = 2 * burstBytes + recordBytes;

/** Long records that follow one another before a connection gets blocks of its own: two messages of 64 KiB. */
const recordsBefore = 8;

/** Short records that follow one another before a connection gives its blocks up: one is mostly a word between long messages. */
const shortRecordsBefore = 2;

/** Blocks of a connection that wait for their next use, 4.5 MiB: as much as a peer mostly sends before it waits. More are the garbage collector's. */
const spareBlocks = 32;

/**
 * One buffer for all connections of this thread that read short records: OpenSSL decrypts and calls back in one step, so none
 * overlap.
 */
let shared: Buffer | undefined;

/**
 * What is known of a block that may serve again. It does not hold the memory: young collections take what a WeakMap holds for
 * used, and the memory with it.
 */
class BlockUse {
  readonly #owner: RecordMemory;
  /** Bytes that were given away. */
  given = 0;
  /** Bytes of them that nobody uses any more. */
  #recycled = 0;
  /** Whether no more is put there. */
  isFull = false;

  /** @param owner - whose records alone the block holds. */
  constructor(owner: RecordMemory) {
    this.#owner = owner;
  }

  /** @throws TypeError for more than was given away. */
  recycle(bytes: number, memory: ArrayBufferLike): void {
    if (this.#recycled + bytes > this.given) {
      throw new TypeError('Cannot recycle: bytes must be in use, and were recycled before');
    }
    this.#recycled += bytes;
    this.spareIfFree(memory);
  }

  /** Has the block serve again once nobody can have a view of it. */
  spareIfFree(memory: ArrayBufferLike): void {
    if (!this.isFull || this.#recycled < this.given) return;
    this.given = 0;
    this.#recycled = 0;
    this.isFull = false;
    this.#owner.spare(new Block(this, Buffer.from(memory)));
  }
}

/** Memory that holds many records. */
class Block {
  readonly #memory: Buffer;
  readonly #use: BlockUse | undefined;
  #end = 0;

  /** @param use - where it may serve again. */
  constructor(use?: BlockUse, memory?: Buffer) {
    this.#use = use;
    this.#memory = memory ?? newMemory(use);
  }

  hasRoom(bytes: number): boolean {
    return this.#end + bytes <= blockBytes;
  }

  /** Where the next record goes. */
  rest(): Buffer {
    return this.#memory.subarray(this.#end, this.#end + recordBytes);
  }

  /** Gives away what is there, or a copy that it puts there. */
  give(length: number, record?: Buffer): Buffer {
    const bytes = this.#memory.subarray(this.#end, this.#end + length);
    if (record !== undefined) bytes.set(record);
    this.#end += length;
    if (this.#use !== undefined) this.#use.given = this.#end;
    return bytes;
  }

  /** No more is put there. */
  close(): void {
    if (this.#use === undefined) return;
    this.#use.isFull = true;
    this.#use.spareIfFree(this.#memory.buffer);
  }
}

function newMemory(use: BlockUse | undefined): Buffer {
  const memory = Buffer.allocUnsafeSlow(blockBytes);
  // OpenSSL writes on in it, by its address, when its reader has the first record of it already.
  markAsUntransferable(memory.buffer);
  largeMemoryTaken(blockBytes);
  if (use !== undefined) uses.set(memory.buffer, use);
  return memory;
}

/** For connections of this thread that have none of their own. It serves once. */
let common: Block | undefined;

/** By the memory of blocks. */
const uses = new WeakMap<ArrayBufferLike, BlockUse>();

/**
 * Tells that nobody uses bytes any more that a read gave: what is read next may be put where they were. Nobody needs to tell; what is
 * never recycled is the garbage collector's. Today it matters for long messages over TLS, whose memory is a good part of
 * what it costs to read them.
 *
 * Memory serves again when all that was read into it was recycled, for the same connection only. So nothing is won where a part
 * of a message is kept, or was never recycled: `frames()` with a codec that leaves a header out keeps that.
 *
 * @param bytes - as the read gave them, or a part of it, but for what `peek()` gave; every byte at most once. They must not be
 *   looked at afterwards: they will change. Bytes that no read gave are left alone.
 * @throws TypeError where more was recycled than was read. That a piece is recycled twice while others are in use is not noticed.
 */
export function recycle(bytes: Uint8Array): void {
  uses.get(bytes.buffer)?.recycle(bytes.length, bytes.buffer);
}

/**
 * Where OpenSSL puts the records of one connection. Short ones go through memory that all connections share, and are copied out of
 * it. Long ones that follow one another lie side by side in blocks, with the rest that ends them, so that a message across
 * them need not be joined: at first as copies too, after some in blocks of the connection's own, which they are put into at once.
 */
export class RecordMemory {
  #block: Block | undefined;
  #spares: Block[] = [];
  /** Long records, and the ends of what they began, since the last short ones. */
  #longRecords = 0;
  /** Short records since the last long one. */
  #shortRecords = 0;
  /** Whether the record before was a full one, so that the next one goes on with what its sender wrote. */
  #isWithinBurst = false;
  /** Where the next record goes: of its size. */
  next = (shared ??= Buffer.allocUnsafeSlow(recordBytes));

  /** Takes the record that was put at {@link next}. @returns it, as its reader's own. */
  take(length: number): Buffer {
    const goesOn = this.#isWithinBurst;
    this.#isWithinBurst = length === recordBytes;
    if (length < longBytes && !goesOn) return this.#takeShort(length);
    this.#longRecords += 1;
    this.#shortRecords = 0;
    const block = this.#block;
    if (block === undefined) {
      const needed = this.#isWithinBurst && !goesOn ? burstBytes : length;
      return this.#copy(length, needed);
    }
    const record = block.give(length);
    this.#prepare(block);
    return record;
  }

  /** The connection is closed: what its readers still hold keeps only its own block alive. */
  close(): void {
    this.#leaveBlocks();
  }

  /** Takes a block that is free again. */
  spare(block: Block): void {
    if (this.#block !== undefined && this.#spares.length < spareBlocks) this.#spares.push(block);
  }

  #takeShort(length: number): Buffer {
    const copy = Buffer.from(this.next.subarray(0, length));
    this.#shortRecords += 1;
    if (this.#shortRecords >= shortRecordsBefore) this.#leaveBlocks();
    return copy;
  }

  /** After what is short nothing long is likely, and a connection may be idle for long. */
  #leaveBlocks(): void {
    this.#longRecords = 0;
    this.#block = undefined;
    this.#spares = [];
    this.next = shared!;
  }

  #copy(length: number, needed: number): Buffer {
    const record = this.next.subarray(0, length);
    if (common?.hasRoom(needed) === true) return common.give(length, record);
    if (this.#longRecords <= recordsBefore) return (common = new Block()).give(length, record);
    this.#block = new Block(new BlockUse(this));
    const copy = this.#block.give(length, record);
    this.#prepare(this.#block);
    return copy;
  }

  /** Chooses where the next record goes. */
  #prepare(block: Block): void {
    if (!block.hasRoom(this.#isWithinBurst ? recordBytes : burstBytes)) {
      this.#block = this.#spares.pop() ?? new Block(new BlockUse(this));
      block.close();
    }
    this.next = this.#block!.rest();
  }
}
