import { Socket, type SocketConstructorOpts } from 'node:net';
import { UnsupportedError } from '../../errors.ts';

/** What reads into our own memory: a documented option of `net.Socket`. [Node: new net.Socket, `onread`] */
export interface OnRead {
  buffer: () => Buffer;
  callback: (length: number, buffer: Buffer) => boolean;
}

/** The part of a libuv handle that moves to another `net.Socket`. */
interface Handle {
  readStart(): number;
  readStop(): number;
}

type SocketWithHandle = { _handle: Handle | null };

/**
 * Moves the handle of an accepted, unread socket into a new one that reads with `onread`: about a fifth less CPU
 * per message than `'data'` events. `net.Server` takes no `onread`, so this uses the undocumented `_handle`.
 *
 * @returns `undefined` where the handle is not to be had (the caller then goes on with `'data'` events).
 */
export function rewrapWithOnRead(accepted: Socket, onread: OnRead): Socket | undefined {
  const holder = accepted as unknown as SocketWithHandle;
  const handle = holder._handle;
  if (!isEnabled || handle === null || typeof handle !== 'object' || typeof handle.readStop !== 'function') {
    return undefined;
  }
  holder._handle = null;
  accepted.destroy();
  const options = { handle, onread, allowHalfOpen: true, manualStart: true };
  return new Socket(options as unknown as SocketConstructorOpts);
}

/**
 * Moves the handle of a socket back into a plain one, paused, that any library can use.
 *
 * @throws UnsupportedError where the handle is not to be had.
 */
export function unwrapFromOnRead(socket: Socket): Socket {
  const holder = socket as unknown as SocketWithHandle;
  const handle = holder._handle;
  if (handle === null || typeof handle !== 'object' || typeof handle.readStop !== 'function') {
    throw new UnsupportedError('Cannot leave the engine: the socket has no handle, it may be closed');
  }
  handle.readStop();
  holder._handle = null;
  socket.removeAllListeners();
  socket.destroy();
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true };
  return new Socket(options as unknown as SocketConstructorOpts);
}

/** `SOCKETSERVER_NODE_ONREAD=0` turns the undocumented way off; the tests run both. */
const isEnabled = process.env['SOCKETSERVER_NODE_ONREAD'] !== '0';
