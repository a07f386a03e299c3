/**
 * Node's own words for what its streams do, which `net.Socket` is built on. [Node: lib/net.js, src/stream_base.cc]
 *
 * They are undocumented, and `process.binding()`, which shows them, is too old to be documented well: so what is needed is
 * tested for, and where anything is missing the node engine stands on documented calls alone, which
 * `SOCKETSERVER_NODE_HANDLES=0` shows. The tests run both ways.
 */

/** One operation of a handle that may take its time. Once `oncomplete` was called, or nothing began, it may go. */
export interface StreamRequest {
  oncomplete?: (this: StreamRequest, status: number) => void;
  /** Kept alive while the system needs it. */
  buffer?: Uint8Array;
}

/** A connected stream of libuv that no `net.Socket` owns. */
export interface StreamHandle {
  readonly fd?: number;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  reading?: boolean;
  /** Learns of a read by `streamBaseState`, and may give another buffer. */
  onread?: (this: StreamHandle) => Buffer | undefined;
  useUserBuffer(buffer: Buffer): void;
  readStart(): number;
  readStop(): number;
  /** Each gives 0, or a negative error; `shutdown` also 1 for done. */
  writeBuffer(request: StreamRequest, bytes: Uint8Array): number;
  shutdown(request: StreamRequest): number;
  reset?(closed: () => void): number;
  close(closed?: () => void): void;
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, initialDelaySeconds: number): number;
  getpeername?(out: { address?: string; port?: number }): number;
  getsockname?(out: { address?: string; port?: number }): number;
}

/** What `process.binding("stream_wrap")` shows, as far as it is needed. */
export interface StreamWrap {
  readonly WriteWrap: new () => StreamRequest;
  readonly ShutdownWrap: new () => StreamRequest;
  /** What the last call of a handle answers beside its return value, by the indices that follow. */
  readonly streamBaseState: Int32Array;
  /** Of `onread`: bytes, 0 for none, an error below 0. */
  readonly kReadBytesOrError: number;
  /** Of a write: not 0 while the handle refers to its bytes, until `oncomplete`. */
  readonly kLastWriteWasAsync: number;
}

const methods = ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer', 'shutdown', 'close'] as const;

const isEnabled = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

let wrap: StreamWrap | undefined;
let isLoaded = false;

/** @returns `undefined` where this Node does not show them, as under its permission model. */
export function streamWrap(): StreamWrap | undefined {
  if (!isLoaded) {
    isLoaded = true;
    wrap = isEnabled ? load() : undefined;
  }
  return wrap;
}

/** Whether a value is a handle that a connection can stand on. */
export function isStreamHandle(value: unknown): value is StreamHandle {
  if (typeof value !== 'object' || value === null || streamWrap() === undefined) return false;
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

function load(): StreamWrap | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => Partial<StreamWrap> };
  let found: Partial<StreamWrap> | undefined;
  try {
    found = binding?.('stream_wrap');
  } catch {
    return undefined; // ERR_ACCESS_DENIED, or a Node that has it no more
  }
  const isWhole =
    typeof found?.WriteWrap === 'function' &&
    typeof found.ShutdownWrap === 'function' &&
    found.streamBaseState instanceof Int32Array &&
    typeof found.kReadBytesOrError === 'number' &&
    typeof found.kLastWriteWasAsync === 'number';
  return isWhole ? (found as StreamWrap) : undefined;
}
