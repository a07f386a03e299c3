import type { OnRead } from './stream-handle.ts';

/** Bytes read at once. Also the bound on what a connection holds that nobody asked for. */
export const bufferBytes = 65_536;

/** A delivery from this size on is worth a buffer of its own; below, a copy is cheaper. Measured with `npm run bench`. */
export const ownBufferBytes = 16_384;

let shared: Buffer | undefined;

/** One buffer for all connections of this thread: libuv reads and calls back in one step, so none overlap. */
export function sharedBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(bufferBytes);
  return shared;
}

/**
 * Reads small messages into the thread's shared buffer and copies them out; after a large one, reads into a
 * buffer of the connection's own, which is handed out without a copy.
 *
 * @param received - gets bytes that are its own; returns whether to go on.
 */
export function createReadBuffer(received: (bytes: Buffer) => boolean): OnRead {
  let next = sharedBuffer();
  return {
    buffer: () => next,
    callback(length, buffer) {
      const isLarge = length >= ownBufferBytes;
      if (buffer === shared) {
        if (isLarge) next = Buffer.allocUnsafeSlow(bufferBytes);
      } else {
        next = isLarge ? Buffer.allocUnsafeSlow(bufferBytes) : shared!;
        if (isLarge) return received(buffer.subarray(0, length));
      }
      return received(Buffer.from(buffer.subarray(0, length)));
    },
  };
}
