import net, { type Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { isInetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { Connection, HandedOver } from '../contract/connection.ts';
import type { ConnectOptions, Engine } from '../contract/engine.ts';
import { HandleConnection } from './handle-connection.ts';
import { NodeConnection } from './node-connection.ts';
import { NodeDatagramPort } from './node-datagram-port.ts';
import { NodeListener } from './node-listener.ts';
import { RelayedConnection } from './relayed-connection.ts';
import { plainSocket, takeHandle } from './stream-handle.ts';
import { isStreamHandle, type StreamHandle } from './stream-wrap.ts';

/** The portable engine, on `node:net` and `node:dgram`. It keeps nothing, so one object serves every thread. */
export const nodeEngine: Engine = {
  name: 'node',

  bindStream(address, options) {
    return NodeListener.bind(address, options);
  },

  bindDatagram(address, options) {
    if (isInetAddress(address)) return NodeDatagramPort.bind(address, options);
    throw new UnsupportedError(
      'Cannot bind: Node has no Unix datagram sockets; install @socketserver/native, whose engine has them',
    );
  },

  adoptListener(fd, address) {
    return NodeListener.adopt(fd, address);
  },

  adoptDatagram(fd, options, isIPv6) {
    return NodeDatagramPort.adopt(fd, options, isIPv6);
  },

  connect,

  adopt(handedOver: HandedOver): Connection {
    const { handle, socket, port, localAddress, remoteAddress } = handedOver.message as MovedConnection;
    if (isStreamHandle(handle)) return new HandleConnection(handle, remoteAddress);
    if (port !== undefined)
      return new RelayedConnection(port, { local: localAddress!, remote: remoteAddress });
    const received = socket ?? handedOver.handle ?? (handle && plainSocket(handle));
    if (received === undefined) throw new TypeError('Cannot adopt: the message must carry a socket');
    // A socket that came from another process ends together with its peer, unless it is told in time. [child_process]
    received.allowHalfOpen = true;
    return connectionOn(received, remoteAddress, localAddress);
  },
};

/** The message of a connection on its way: with its handle, its socket or a port to it, or with neither beside a handle. */
interface MovedConnection {
  readonly handle?: StreamHandle;
  readonly socket?: Socket;
  readonly port?: MessagePort;
  readonly localAddress?: SocketAddress;
  readonly remoteAddress: SocketAddress;
}

async function connect(address: SocketAddress, { signal }: ConnectOptions = {}): Promise<Connection> {
  signal?.throwIfAborted();
  const target = isInetAddress(address) ? { host: address[0], port: address[1] } : { path: address };
  const socket = new net.Socket({ allowHalfOpen: true });
  socket.pause(); // else it reads as soon as it is connected
  socket.setNoDelay(true);
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
  return connectionOn(socket, address, isInetAddress(address) ? undefined : '');
}

/** On the socket's handle, where it shows one. */
function connectionOn(
  socket: Socket,
  remoteAddress: SocketAddress,
  localAddress?: SocketAddress,
): Connection {
  const handle = takeHandle(socket);
  if (handle !== undefined) return new HandleConnection(handle, remoteAddress, localAddress);
  return new NodeConnection(socket, remoteAddress, localAddress);
}
