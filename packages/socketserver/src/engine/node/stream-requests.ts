import { type StreamHandle, type StreamRequest, streamWrap } from './stream-wrap.ts';

/** Whose writes they are that had to wait. */
export interface Writer {
  /** One of them has ended, with 0 or a negative error. */
  onWritten(status: number): void;
}

/** It knows its writer, so that all of them share one callback. */
interface WriteRequest extends StreamRequest {
  writer?: Writer;
}

/** What {@link writeTo} gives for bytes that the kernel has not taken yet. */
export const isWaiting = 1;

/** The record of the next write: nearly all are done when their call returns, and leave it as it was. */
let unused: WriteRequest | undefined;

/**
 * Writes to a stream of libuv.
 *
 * @returns 0 when the kernel has all; {@link isWaiting} when libuv refers to the bytes until {@link Writer.onWritten}; else
 *   a negative error.
 */
export function writeTo(handle: StreamHandle, bytes: Uint8Array, writer: Writer): number {
  const wrap = streamWrap()!;
  const request: WriteRequest = unused ?? new wrap.WriteWrap();
  unused = undefined;
  const status = handle.writeBuffer(request, bytes);
  if (status !== 0) return status;
  if (wrap.streamBaseState[wrap.kLastWriteWasAsync] === 0) {
    unused = request;
    return 0;
  }
  request.writer = writer;
  request.buffer = bytes;
  request.oncomplete = written;
  return isWaiting;
}

function written(this: WriteRequest, status: number): void {
  this.writer?.onWritten(status);
}

/** Ends the writing side of a stream of libuv. @param ended - is called when it has, also within this call. */
export function shutDown(handle: StreamHandle, ended: () => void): void {
  const request = new (streamWrap()!.ShutdownWrap)();
  request.oncomplete = () => ended();
  // Done at once, or there is nobody any more, of which reading tells. [Node: Socket.prototype._final]
  if (handle.shutdown(request) !== 0) ended();
}
