import net, { type Socket } from 'node:net';
import type { SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors.ts';
import {
  type Connection,
  type ConnectOptions,
  type Engine,
  type HandedOver,
  isInetAddress,
} from '../contract.ts';
import { NodeConnection } from './node-connection.ts';
import { NodeDatagramPort } from './node-datagram-port.ts';
import { NodeListener } from './node-listener.ts';

/** The portable engine, on `node:net` and `node:dgram`. It keeps nothing, so one object serves every thread. */
export const nodeEngine: Engine = {
  name: 'node',

  bindStream(address, options) {
    return new NodeListener(address, options);
  },

  bindDatagram(address, options) {
    if (isInetAddress(address)) return new NodeDatagramPort(address, options);
    throw new UnsupportedError(
      'Cannot bind: Node has no Unix datagram sockets; install @socketserver/native, whose engine has them',
    );
  },

  connect,

  adopt(handedOver: HandedOver): Connection {
    const { socket, remoteAddress } = handedOver.message as { socket?: Socket; remoteAddress: SocketAddress };
    const received = socket ?? handedOver.handle;
    if (received === undefined) throw new TypeError('Cannot adopt: the message must carry a socket');
    return new NodeConnection(received, remoteAddress);
  },
};

async function connect(address: SocketAddress, { signal }: ConnectOptions = {}): Promise<Connection> {
  signal?.throwIfAborted();
  const target = isInetAddress(address) ? { host: address[0], port: address[1] } : { path: address };
  const socket = new net.Socket({ allowHalfOpen: true });
  socket.pause(); // else it reads as soon as it is connected
  const aborted = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { signal: aborted.signal });
      socket.connect(target);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    aborted.abort();
    socket.removeAllListeners('error');
  }
  return new NodeConnection(socket, address, isInetAddress(address) ? undefined : '');
}
