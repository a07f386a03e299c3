/**
 * The one place of the node engine that touches the undocumented field `_handle`: libuv's stream under a `net.Socket` or a
 * `net.Server`. With what `stream-wrap.ts` shows, connections stand on it and need no socket. Every use is tested for.
 */
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { inetAddress, type InetAddress } from '../../address/socket-address.ts';
import type { NodeStream } from '../contract/node-stream.ts';
import { isStreamHandle, type StreamHandle, streamWrap } from './stream-wrap.ts';

const transferList = Object.getOwnPropertySymbols(Socket.prototype).find(
  ({ description }) => description === 'messaging_transfer_list_symbol',
);
/** By kinds of handles, for which {@link canMove} has found out. */
const movable = new WeakMap<object, boolean>();

/**
 * Whether a TCP handle can move to a thread without a socket around it: where all that a socket moves is its handle, in the
 * second half of a transfer that makes one socket here and one there. [Node: net.Socket, messaging_transfer_list_symbol]
 */
export function canMove(handle: StreamHandle): boolean {
  if (transferList === undefined) return false;
  const kind: object = Object.getPrototypeOf(handle);
  let verdict = movable.get(kind);
  if (verdict === undefined) movable.set(kind, (verdict = isAllThatMoves(handle, transferList)));
  return verdict;
}

/** Asks a socket that has the handle for that long. */
function isAllThatMoves(handle: StreamHandle, list: symbol): boolean {
  const socket = new Socket() as unknown as Record<symbol, () => unknown> & { _handle: unknown };
  socket._handle = handle;
  try {
    const moved = socket[list]?.();
    return Array.isArray(moved) && moved.length === 1 && moved[0] === handle;
  } catch {
    return false; // it wants more of a socket than a handle
  } finally {
    socket._handle = null;
  }
}

/** What reads into our own memory: a documented option of `net.Socket`. [Node: new net.Socket, `onread`] */
export interface OnRead {
  buffer(): Buffer;
  callback(length: number, buffer: Buffer): boolean;
}

interface ServerHandle {
  setNoDelay?(on: boolean): number;
  onconnection?: (status: number, handle?: StreamHandle) => void;
}

/**
 * Takes over the connections of a listening server, before it makes sockets of them.
 *
 * @returns whether it could; else the server goes on emitting `'connection'`.
 */
export function interceptConnections(server: Server, accepted: (handle: StreamHandle) => void): boolean {
  const { _handle: handle } = server as unknown as { _handle?: ServerHandle | null };
  const original = handle?.onconnection;
  if (streamWrap() === undefined || handle == null || typeof original !== 'function') return false;
  handle.setNoDelay?.(true); // the server would tell each connection; so they inherit it
  handle.onconnection = function onconnection(status, stream) {
    if (status === 0 && isStreamHandle(stream)) accepted(stream);
    else original.call(handle, status, stream);
  };
  return true;
}

/** Takes the handle out of a socket that was not read from; the socket is spent then. */
export function takeHandle(socket: Socket): StreamHandle | undefined {
  const holder = socket as unknown as { _handle: unknown };
  const handle = holder._handle;
  if (!isStreamHandle(handle)) return undefined;
  handle.readStop();
  handle.reading = false; // a socket that came from another process reads at once, and would not begin anew
  holder._handle = null;
  socket.removeAllListeners();
  socket.destroy();
  return handle;
}

/** Makes a socket of a handle that reads with `onread`, once it is resumed. */
export function socketWithOnRead(handle: StreamHandle, onread: OnRead): Socket {
  const options = { handle, onread, allowHalfOpen: true, manualStart: true };
  return new Socket(options as unknown as SocketConstructorOpts);
}

/** Makes a plain, paused socket of a handle, as `pauseOnConnect` does, that any library can use. */
export function plainSocket(handle: StreamHandle): Socket {
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true };
  return new Socket(options as unknown as SocketConstructorOpts);
}

/** The address at the other end of a TCP stream; `undefined` when it is gone already. [getpeername(2)] */
export function peerAddress(handle: StreamHandle): InetAddress | undefined {
  const out: { address?: string; port?: number } = {};
  const failed = handle.getpeername?.(out) !== 0;
  return failed || out.address === undefined ? undefined : inetAddress(out.address, out.port ?? 0);
}

/** The address of our end of a stream; empty where there is none any more. [getsockname(2)] */
export function ownAddress(handle: StreamHandle): InetAddress {
  const out: { address?: string; port?: number } = {};
  handle.getsockname?.(out);
  return inetAddress(out.address ?? '', out.port ?? 0);
}

/** Bytes that the system has taken of those that a stream was given to send. */
export function bytesTakenFrom(stream: NodeStream): number {
  if (stream.bytesTaken !== undefined) return stream.bytesTaken;
  const socket = stream as Socket;
  const { _handle: handle } = socket as unknown as { _handle?: Record<string, unknown> | null };
  const { bytesWritten: begun, writeQueueSize: left } = handle ?? {};
  // What libuv has begun to send counts in full there, and may be stuck half-way. [Node: LibuvStreamWrap]
  if (typeof begun === 'number' && typeof left === 'number') return begun - left;
  return socket.bytesWritten - socket.writableLength;
}

/** The descriptor of a socket or a server; -1 where there is none. */
export function descriptorOf(owner: object | undefined): number {
  const holder: { _handle?: { fd?: number } | null } | undefined = owner;
  return holder?._handle?.fd ?? -1;
}
