import dgram, { type RemoteInfo, type Socket } from 'node:dgram';
import { type AddressInfo, isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import {
  type InetAddress,
  inetAddress,
  isInetAddress,
  type SocketAddress,
} from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { Datagram, DatagramBindOptions, DatagramPort } from '../contract/datagram-port.ts';
import { DatagramQueue } from '../datagram-queue.ts';
import { osError } from '../os-error.ts';
import { DatagramHandle, descriptorOf } from './datagram-handle.ts';

/** Under what address a socket reaches itself that is bound to any. */
const ownHosts: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const cannotAdopt = 'Cannot use the inherited socket: the node engine cannot take over';
const cure = 'install @socketserver/native, whose engine can';

/**
 * A bound `dgram.Socket`.
 *
 * Node receives whether or not somebody asks: datagrams wait here, in the order of their arrival, and beyond
 * `maxPending` some are dropped and counted. It has no limit on a datagram's length either, so a longer one is cut
 * here.
 */
export class NodeDatagramPort implements DatagramPort {
  readonly address: InetAddress;
  readonly #socket: Socket;
  #handle: DatagramHandle | undefined;
  readonly #waiting: DatagramQueue;
  #wake: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  private constructor(socket: Socket, options: DatagramBindOptions, take: () => AddressInfo) {
    this.#waiting = new DatagramQueue(options);
    this.#socket = socket;
    try {
      const real = take();
      this.address = inetAddress(real.address, real.port);
      if (options.receiveBufferBytes !== undefined) socket.setRecvBufferSize(options.receiveBufferBytes);
      if (options.sendBufferBytes !== undefined) socket.setSendBufferSize(options.sendBufferBytes);
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#handle = DatagramHandle.of(socket);
    const received = (bytes: Buffer, sender: RemoteInfo): void => this.#received(bytes, sender);
    if (this.#handle?.intercept(received) !== true) socket.on('message', received);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!isAboutEarlierDatagram(error.code)) this.#waiting.fail(error);
    });
  }

  /** Binds. @throws the operating system's error. */
  static bind([host, port]: InetAddress, options: DatagramBindOptions): NodeDatagramPort {
    const { reuseAddress: reuseAddr, reusePort, ipv6Only } = options;
    const type = isIPv6(host) ? 'udp6' : 'udp4';
    const socket = dgram.createSocket({ type, reuseAddr, reusePort, ipv6Only, lookup: takeNumericHost });
    return new NodeDatagramPort(socket, options, () => socket.bindSync({ address: host, port }));
  }

  /**
   * Takes over a socket that this process has inherited. @throws the operating system's error, or Node's.
   *
   * @param isSix - whether it is of IPv6, which Node must know before it looks at it; `undefined` is taken for IPv4.
   */
  static adopt(fd: number, options: DatagramBindOptions, isSix: boolean | undefined): NodeDatagramPort {
    const family = isSix === true ? 'IPv6' : 'IPv4';
    const socket = dgram.createSocket({ type: isSix === true ? 'udp6' : 'udp4', lookup: takeNumericHost });
    return new NodeDatagramPort(socket, options, () => {
      if (fd === 0) throw new UnsupportedError(`${cannotAdopt} descriptor 0; ${cure}`); // to Node it means none
      socket.bind({ fd, exclusive: true });
      const real = socket.address();
      if (real.family === family) return real;
      throw new UnsupportedError(
        `${cannotAdopt} a socket of IPv6 here, where it cannot tell beforehand; ${cure}`,
      );
    });
  }

  get fd(): number {
    return this.#closing === undefined ? descriptorOf(this.#socket) : -1;
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  get dropped(): number {
    return this.#waiting.dropped;
  }

  notify(wake: (() => void) | undefined): void {
    this.#wake = wake;
    this.#waiting.notify(wake && this.#wakeLater);
  }

  receive(): Datagram | undefined {
    return this.#waiting.take();
  }

  send(bytes: Uint8Array, address: SocketAddress): Promise<void> | undefined {
    if (!isInetAddress(address)) throw new TypeError('Cannot send: the address must be a host and a port');
    const handle = this.#handle;
    if (handle === undefined) return this.#sendWithCallback(bytes, address);
    const [host, port] = address;
    let result = handle.send(bytes, port, host);
    // The kernel may report an earlier datagram instead of sending this one, and has forgotten it then. [udp(7)]
    if (result !== undefined && result < 0 && isAboutEarlierDatagram(getSystemErrorName(result))) {
      result = handle.send(bytes, port, host);
    }
    if (result === undefined) {
      // A later version of Node, whose socket sends otherwise: this datagram is its own, the next ones as documented.
      this.#handle = undefined;
      return undefined;
    }
    if (result > 0) return undefined;
    if (result < 0) throw osError(result, 'send', address);
    const { request } = handle;
    return new Promise((resolve, reject) => {
      request.oncomplete = (error) => (error < 0 ? reject(osError(error, 'send', address)) : resolve());
    });
  }

  /** The kernel gives a connected socket nothing that others send, while it has unconnected ones. [Linux: reuseport] */
  leavePort(): void {
    const [host, port] = this.address;
    this.#socket.connect(port, ownHosts[host] ?? host, () => {}); // also called with the error
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#waiting.clear();
      this.#socket.close(resolve);
    });
    return this.#closing;
  }

  setBroadcast(on: boolean): void {
    this.#socket.setBroadcast(on);
  }

  addMembership(group: string, networkInterface?: string): void {
    this.#socket.addMembership(group, networkInterface);
  }

  dropMembership(group: string, networkInterface?: string): void {
    this.#socket.dropMembership(group, networkInterface);
  }

  setMulticastTTL(ttl: number): void {
    this.#socket.setMulticastTTL(ttl);
  }

  setMulticastLoopback(on: boolean): void {
    this.#socket.setMulticastLoopback(on);
  }

  setMulticastInterface(networkInterface: string): void {
    this.#socket.setMulticastInterface(networkInterface);
  }

  #sendWithCallback(bytes: Uint8Array, [host, port]: InetAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  #received(bytes: Buffer, { address, port }: RemoteInfo): void {
    this.#waiting.arrived(bytes, inetAddress(address, port));
    if (this.#waiting.isFull) this.#wakeNow();
  }

  /** Node brings up to 32 datagrams a turn, each in a call of its own: to wake the receiver once costs less. */
  readonly #wakeLater = (): void => {
    setImmediate(this.#wakeNow);
  };

  readonly #wakeNow = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };
}

/** Takes the host as it is: addresses are numeric, and Node's look-up would cost a turn for each datagram. */
function takeNumericHost(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, 0);
}

const icmpAnswers = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Whether an error is a host's or a router's answer to something sent before, so that this call may go on. [udp(7)] */
function isAboutEarlierDatagram(code: string | undefined): boolean {
  return code !== undefined && icmpAnswers.has(code);
}
