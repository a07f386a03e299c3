/**
 * The one place of the node engine that touches an undocumented field: `_handle`, libuv's stream under a `net.Socket`
 * or a `net.Server`. It wins a socket object a connection and about a fifth of the CPU a message, since only a socket
 * made from a handle can read with `onread`. Every use is tested for; without it the engine goes on with documented
 * calls alone, which `SOCKETSERVER_NODE_HANDLES=0` shows. The tests run both ways.
 */
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { inetAddress, type InetAddress } from '../../address/socket-address.ts';
import type { NodeStream } from '../contract.ts';

/** What reads into our own memory: a documented option of `net.Socket`. [Node: new net.Socket, `onread`] */
export interface OnRead {
  buffer(): Buffer;
  callback(length: number, buffer: Buffer): boolean;
}

/** A connected stream of libuv that no `net.Socket` owns. */
export interface StreamHandle {
  readonly fd?: number;
  reading?: boolean;
  readStop(): number;
  close(): void;
  getpeername?(out: { address?: string; port?: number }): number;
}

interface ServerHandle {
  onconnection?: (status: number, handle?: StreamHandle) => void;
}

const isEnabled = process.env['SOCKETSERVER_NODE_HANDLES'] !== '0';

/**
 * Takes over the connections of a listening server, before it makes sockets of them.
 *
 * @returns whether it could; else the server goes on emitting `'connection'`.
 */
export function interceptConnections(server: Server, accepted: (handle: StreamHandle) => void): boolean {
  const { _handle: handle } = server as unknown as { _handle?: ServerHandle | null };
  const original = handle?.onconnection;
  if (!isEnabled || handle == null || typeof original !== 'function') return false;
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
  if (!isEnabled || !isStreamHandle(handle)) return undefined;
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

function isStreamHandle(handle: unknown): handle is StreamHandle {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'readStop' in handle &&
    typeof handle.readStop === 'function'
  );
}
