import type { Socket } from 'node:net';
import { ConnectionClosedError } from '../../errors/connection-errors.ts';
import type { Connection, HandedOver } from '../contract/connection.ts';
import { ConnectionRelay } from './connection-relay.ts';

/** A connection that may have a socket to give. */
type SocketConnection = Omit<Connection, 'toSocket'> & { toSocket(unread?: Uint8Array): Socket | undefined };

/** Hands the socket of a connection over; or its bytes, where that cannot move. @throws ConnectionClosedError */
export function handOverBySocket(
  connection: SocketConnection,
  { target, isStarted }: { readonly target: 'thread' | 'process'; readonly isStarted: boolean },
): HandedOver {
  const { remoteAddress } = connection;
  // The far side can ask a TCP socket for its own address, a Unix socket not.
  const isUnix = typeof remoteAddress === 'string';
  if (target === 'thread' && (isUnix || isStarted)) return relayToThread(connection);
  const message = isUnix ? { remoteAddress, localAddress: connection.localAddress } : { remoteAddress };
  const socket = connection.toSocket();
  if (socket === undefined) throw new ConnectionClosedError('Cannot hand over: the connection is closed');
  if (target === 'process') return { message, handle: socket };
  return { message: { ...message, socket }, transfer: [socket] };
}

/**
 * Hands over the bytes of a connection: neither a Unix socket nor one that was read from can move to a thread.
 * [Node: ERR_WORKER_HANDLE_NOT_TRANSFERABLE]
 */
function relayToThread(connection: Connection): HandedOver {
  const { port1, port2 } = new MessageChannel();
  const { localAddress, remoteAddress } = connection;
  ConnectionRelay.start(connection, port1);
  return { message: { port: port2, localAddress, remoteAddress }, transfer: [port2] };
}
