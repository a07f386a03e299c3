import { recycle } from 'socketserver/client';
import { headerBytes, maxPayloadBytes } from './frame.ts';

/** Memories that wait for their next use, in all: the rest is the garbage collector's. */
const keptMemories = 16;

/** Shorter payloads came in memory that does not serve again. */
const recycledBytes = 4_096;

interface Memory {
  readonly whole: Buffer;
  /** Pieces of it that somebody uses. */
  users: number;
}

const memories = new WeakMap<ArrayBufferLike, Memory>();
const kept: Memory[] = [];

/**
 * Takes memory for one payload, with room for its header in front of it: so both go out as one piece, which nobody has to copy.
 * It serves again once all who use it gave it back; where somebody does not, it is garbage like any other.
 *
 * @returns {@link maxPayloadBytes} of it, with one user.
 */
export function takeFrameMemory(): Buffer {
  const memory = kept.pop() ?? newMemory();
  memory.users = 1;
  return memory.whole.subarray(headerBytes);
}

/** Counts one more user, of a piece of the same memory. */
export function shareFrameMemory(bytes: Buffer): void {
  const memory = memories.get(bytes.buffer);
  if (memory !== undefined) memory.users += 1;
}

/** Ends one use of memory that came from {@link takeFrameMemory}; of any other nothing is done. */
export function giveFrameMemoryBack(bytes: Buffer): void {
  const memory = memories.get(bytes.buffer);
  if (memory === undefined) return;
  if (memory.users === 0)
    throw new TypeError('Cannot give memory back: it must be in use, and was given back');
  memory.users -= 1;
  if (memory.users === 0 && kept.length < keptMemories) kept.push(memory);
}

/**
 * Ends the use of a payload that the peer has sent, whole as it came: with its header before it, its memory serves again for what is
 * read next.
 */
export function recyclePayload(payload: Uint8Array): void {
  const { buffer, byteOffset, length } = payload;
  if (length >= recycledBytes && byteOffset >= headerBytes)
    recycle(new Uint8Array(buffer, byteOffset - headerBytes, headerBytes + length));
}

/** A payload with the room for its header in front of it; `undefined` where there is none. */
export function frameAround(payload: Uint8Array): Buffer | undefined {
  if (payload.byteOffset !== headerBytes) return undefined;
  return memories.get(payload.buffer)?.whole.subarray(0, headerBytes + payload.length);
}

function newMemory(): Memory {
  const memory = { whole: Buffer.allocUnsafeSlow(headerBytes + maxPayloadBytes), users: 0 };
  memories.set(memory.whole.buffer, memory);
  return memory;
}
