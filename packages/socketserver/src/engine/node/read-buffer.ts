import { largeMemoryTaken } from '../large-memory.ts';
import type { OnRead } from './stream-handle.ts';

/** Bytes read at once. Also the bound on what a connection holds that nobody asked for. */
const bufferBytes = 65_536;

/** A delivery from this size on is worth a buffer of its own; below, a copy is cheaper. Measured with `npm run bench`. */
const ownBufferBytes = 16_384;

let shared: Buffer | undefined;

/** One buffer for all connections of this thread: libuv reads and calls back in one step, so none overlap. */
export function sharedBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(bufferBytes);
  return shared;
}

/**
 * Small messages are read into the thread's shared buffer and copied out; after a large one a connection reads into a buffer
 * of its own, which is handed out without a copy.
 *
 * @param own - the buffer that was read into; `undefined` for the shared one.
 * @returns what was read, which is the caller's.
 */
export function bytesRead(own: Buffer | undefined, length: number): Buffer {
  if (own !== undefined && length >= ownBufferBytes)
    return length === own.length ? own : own.subarray(0, length);
  const bytes = Buffer.allocUnsafe(length);
  (own ?? sharedBuffer()).copy(bytes, 0, 0, length);
  return bytes;
}

/** The buffer of its own that a connection reads into after so many bytes; `undefined` for the shared one. */
export function ownBufferAfter(length: number): Buffer | undefined {
  if (length < ownBufferBytes) return undefined;
  largeMemoryTaken(bufferBytes);
  return Buffer.allocUnsafeSlow(bufferBytes);
}

/** Reads like this for a socket of Node's. @param received - gets bytes that are its own; returns whether to go on. */
export function createReadBuffer(received: (bytes: Buffer) => boolean): OnRead {
  let own: Buffer | undefined;
  return {
    buffer: () => own ?? sharedBuffer(),
    callback(length) {
      const bytes = bytesRead(own, length);
      own = ownBufferAfter(length);
      return received(bytes);
    },
  };
}
