import net, { type BoundSocket, type Server, type Socket } from 'node:net';
import { inetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors.ts';
import { type BindOptions, type Connection, isInetAddress, type Listener } from '../contract.ts';
import { addressOf, bindSocket, listenOn } from './bound-socket.ts';
import { NodeConnection } from './node-connection.ts';
import { descriptorOf, interceptConnections, peerAddress, type StreamHandle } from './stream-handle.ts';
import { RequestQueue } from '../request-queue.ts';

/**
 * A listening `net.Server`, bound beforehand by a `net.BoundSocket` so that binding is synchronous.
 *
 * Node accepts clients whether or not somebody asks (it has no `accept()`): they wait here, unread and paused,
 * in the order of their arrival. Out of descriptors, libuv accepts and closes further clients by itself, at no
 * CPU cost and with no error that we could see. [libuv: uv__emfile_trick]
 */
export class NodeListener implements Listener {
  readonly address: SocketAddress;
  readonly #waiting = new RequestQueue<Connection>();
  #bound: BoundSocket | undefined;
  #server: Server | undefined;
  #closing: Promise<void> | undefined;

  constructor(address: SocketAddress, options: BindOptions) {
    if (!options.reuseAddress && process.platform !== 'win32') {
      throw new UnsupportedError(
        'Cannot bind: allowReuseAddress is always on in the node engine; the native engine can switch it off',
      );
    }
    this.#bound = bindSocket(address, options);
    this.address = addressOf(this.#bound);
  }

  get fd(): number {
    if (this.#bound !== undefined) return this.#bound.fd();
    return descriptorOf(this.#server);
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  listen(backlog: number): void {
    const bound = this.#bound;
    if (bound === undefined)
      throw new TypeError('Cannot listen: the listener must be bound and not listening');
    this.#bound = undefined;
    const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
    server.on('connection', (socket) => this.#acceptedSocket(socket));
    listenOn(server, bound, backlog);
    server.on('error', (error) => this.#waiting.fail(error));
    this.#server = server;
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
      this.#bound?.close();
      this.#bound = undefined;
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
    if (!isInetAddress(this.address)) {
      this.#waiting.push(new NodeConnection(handle, '', this.address));
      return;
    }
    const remoteAddress = peerAddress(handle);
    if (remoteAddress === undefined) handle.close();
    else this.#waiting.push(new NodeConnection(handle, remoteAddress));
  }

  #acceptedSocket(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (!isInetAddress(this.address)) {
      this.#waiting.push(new NodeConnection(socket, '', this.address));
    } else if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy(); // reset before it was accepted [accept(2): ECONNABORTED]
    } else {
      this.#waiting.push(new NodeConnection(socket, inetAddress(remoteAddress, remotePort)));
    }
  }
}
