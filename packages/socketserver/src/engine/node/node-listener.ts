import net, { type Server, type Socket } from 'node:net';
import { inetAddress, isInetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { Connection, Listener } from '../contract/connection.ts';
import type { BindOptions } from '../contract/request-source.ts';
import { HandleConnection } from './handle-connection.ts';
import { NodeConnection } from './node-connection.ts';
import { descriptorOf, interceptConnections, peerAddress } from './stream-handle.ts';
import type { StreamHandle } from './stream-wrap.ts';
import { RequestQueue } from '../request-queue.ts';
import { bindSocket, inheritedSocket, type UnlistenedSocket } from './unlistened-socket.ts';

/**
 * A listening `net.Server`, bound beforehand by a `net.BoundSocket` so that binding is synchronous.
 *
 * Node accepts clients whether or not somebody asks (it has no `accept()`): they wait here, unread and paused,
 * in the order of their arrival. Out of descriptors, libuv accepts and closes further clients by itself, at no
 * CPU cost and with no error that we could see. [libuv: uv__emfile_trick]
 */
export class NodeListener implements Listener {
  readonly #waiting = new RequestQueue<Connection>();
  /** Those that wait at an inherited socket have inherited nothing from us. */
  readonly #isInherited: boolean;
  #address: SocketAddress;
  #unlistened: UnlistenedSocket | undefined;
  #server: Server | undefined;
  #closing: Promise<void> | undefined;

  private constructor(socket: UnlistenedSocket, isInherited: boolean) {
    this.#isInherited = isInherited;
    this.#unlistened = socket;
    this.#address = socket.address ?? '';
  }

  /** Binds. @throws the operating system's error; UnsupportedError without `reuseAddress`. */
  static bind(address: SocketAddress, options: BindOptions): NodeListener {
    if (!options.reuseAddress && process.platform !== 'win32') {
      throw new UnsupportedError(
        'Cannot bind: allowReuseAddress is always on in the node engine; the native engine can switch it off',
      );
    }
    return new NodeListener(bindSocket(address, options), false);
  }

  /** Takes over a socket that this process has inherited. @param address - where it is known before it listens. */
  static adopt(fd: number, address: SocketAddress | undefined): NodeListener {
    return new NodeListener(inheritedSocket(fd, address), true);
  }

  get address(): SocketAddress {
    return this.#address;
  }

  get fd(): number {
    return this.#unlistened?.fd ?? descriptorOf(this.#server);
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  listen(backlog: number): void {
    const socket = this.#unlistened;
    if (socket === undefined)
      throw new TypeError('Cannot listen: the listener must be bound and not listening');
    this.#unlistened = undefined;
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
    server.on('connection', (accepted) => this.#acceptedSocket(accepted));
    socket.listen(server, backlog);
    server.on('error', (error) => this.#waiting.fail(error));
    this.#server = server;
    this.#address = addressOf(server) ?? this.#address;
    interceptConnections(server, (handle) => this.#acceptedHandle(handle));
  }

  accept(): Connection | undefined {
    return this.#waiting.take();
  }

  notify(wake: (() => void) | undefined): void {
    this.#waiting.notify(wake);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#unlistened?.close();
      this.#unlistened = undefined;
      for (const connection of this.#waiting.clear()) connection.reset();
      const server = this.#server;
      this.#server = undefined;
      if (server === undefined) {
        resolve();
        return;
      }
      // net.Server waits for the connections it counted; ours have their own owners.
      server.close();
      setImmediate(resolve);
    });
    return this.#closing;
  }

  #acceptedHandle(handle: StreamHandle): void {
    if (!isInetAddress(this.#address)) {
      this.#waiting.push(new HandleConnection(handle, '', this.#address));
      return;
    }
    if (this.#isInherited) handle.setNoDelay?.(true);
    const remoteAddress = peerAddress(handle);
    if (remoteAddress === undefined) handle.close();
    else this.#waiting.push(new HandleConnection(handle, remoteAddress));
  }

  #acceptedSocket(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (!isInetAddress(this.#address)) {
      this.#waiting.push(new NodeConnection(socket, '', this.#address));
    } else if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy(); // reset before it was accepted [accept(2): ECONNABORTED]
    } else {
      this.#waiting.push(new NodeConnection(socket, inetAddress(remoteAddress, remotePort)));
    }
  }
}

/** Absent where Node knows no name: that of a Unix socket that somebody else bound. */
function addressOf(server: Server): SocketAddress | undefined {
  const real = server.address();
  if (real === null || typeof real === 'string') return real ?? undefined;
  return inetAddress(real.address, real.port);
}
