import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { NativeConnection } from './connection.ts';
import type { HandedOver, SocketAddress } from './contract.ts';
import type { NativeEngine } from './engine.ts';
import { osError } from './os-error.ts';

/** What {@link NativeConnection.handOver} puts in a message. `native` is the descriptor; a process gets a handle instead. */
interface Message {
  readonly native?: number;
  readonly inode?: number;
  readonly localAddress?: SocketAddress;
  readonly remoteAddress?: SocketAddress;
}

/**
 * Takes a connection over from another thread of this process, where the descriptor has only changed its owner,
 * or from a parent process, from the socket that came with the message. That one must be unread, so call this in
 * the turn in which it arrives.
 *
 * @throws the operating system's error: `ESTALE` if the descriptor means another socket by now.
 */
export function adoptHandedOver(engine: NativeEngine, handedOver: HandedOver): NativeConnection {
  const message = handedOver.message as Message;
  const fd = message.native ?? takeFrom(engine, handedOver.handle);
  engine.mailbox.reserveSlot();
  const status = engine.binding.adopt(fd, message.inode ?? 0);
  if (status < 0) {
    // A duplicate is ours in any case; another's descriptor stays his.
    if (message.native === undefined) closeSync(fd);
    throw osError(status, 'adopt');
  }
  return engine.enter(new NativeConnection(engine, message.remoteAddress, message.localAddress));
}

/** Node closes the descriptor of a socket together with it, so the engine goes on with a duplicate. */
function takeFrom(engine: NativeEngine, socket: Socket | undefined): number {
  const handle = (socket as { _handle?: { fd?: number } } | undefined)?._handle;
  if (socket === undefined || handle?.fd === undefined) {
    throw new TypeError('Cannot adopt: handedOver must have a descriptor or an open socket');
  }
  const fd = engine.binding.duplicate(handle.fd);
  if (fd < 0) throw osError(fd, 'dup');
  socket.destroy();
  return fd;
}
