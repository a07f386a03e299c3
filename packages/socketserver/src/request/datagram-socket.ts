import { isInetAddress, type SocketAddress } from '../address/socket-address.ts';
import type { TimedRequest } from '../deadlines/timed-request.ts';
import type { Datagram, DatagramPort } from '../engine/contract/datagram-port.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { ConnectionClosedError } from '../errors/connection-errors.ts';
import { checkDestination } from './datagram-destination.ts';

const done = Promise.resolve();

/**
 * What one handler of a datagram server serves: `const [data, socket] = this.request`.
 *
 * `data` belongs to the handler. `isTruncated` says that the datagram was longer than the server's
 * `maxPacketSize` and its end is lost. `id` is the number of the request, which the server counts from 1; those that a
 * worker takes from a socket of its own are counted there, from a multiple of 2 to the power of 32.
 */
export type DatagramRequest<Address extends SocketAddress = SocketAddress> = readonly [
  data: Buffer,
  socket: DatagramSocket<Address>,
  isTruncated: boolean,
  id: number,
];

/**
 * The bound socket of a datagram server, which all its requests share: replies leave from the server's own
 * address. Where the server is bound to any address, each request has a socket object of its own on the native engine, by
 * which replies leave from the address that the client wrote to.
 *
 * *You call* everything up to {@link signal}; *servers call* the rest, which is what their loop pulls from.
 *
 * @typeParam Address - `InetAddress` for UDP, `string` (a path) for Unix datagrams.
 * @see CPython's `socket.socket`
 */
export class DatagramSocket<Address extends SocketAddress = SocketAddress>
  implements RequestSource, TimedRequest
{
  /** Where its deadlines are kept. Servers set it. */
  watchPlace = -1;
  readonly #port: DatagramPort;
  readonly #isIPv6: boolean;
  #isClosed = false;
  #bytesRead = 0;
  #bytesWritten = 0;
  #lastClient: SocketAddress = '';
  /** Where the client of this one request wrote to, where the port has many addresses. */
  #localAddress: SocketAddress | undefined;
  #goneErrors: WeakSet<Error> | undefined;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #abortReason: Error | undefined;
  /** The socket of which this is one request's, and what ended that. */
  #shared: DatagramSocket<Address> | undefined;
  #failure: Error | undefined;
  #failed: PromiseWithResolvers<never> | undefined;

  constructor(port: DatagramPort) {
    this.#port = port;
    this.#isIPv6 = isInetAddress(port.address) && port.address[0].includes(':');
  }

  /**
   * Sends one datagram; text goes out as UTF-8.
   *
   * Resolves when the kernel has it, which is also when the caller's memory is free to change: so awaiting it is
   * the back pressure. That it arrives is not said. As a datagram may be lost anyway, a failure that nobody
   * awaits ends no process.
   *
   * @param address - a numeric host and a port, or a path; mostly `clientAddress`. An IPv4 host may be given on an
   *   IPv6 socket that takes both.
   * @throws TypeError or RangeError for a wrong address; {@link ConnectionClosedError} after the server closed; the
   *   operating system's error, such as `EMSGSIZE` beyond 65,507 bytes.
   */
  sendto(data: Uint8Array | string, address: Address): Promise<void> {
    let sending: Promise<void> | undefined;
    try {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.isOver) throw new ConnectionClosedError('Cannot sendto: the socket is closed');
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      const destination = this.#destination(address);
      sending = this.#port.send(bytes, destination, this.#sourceFor(destination));
      this.#bytesWritten += bytes.length;
      if (this.#shared !== undefined) this.#shared.#bytesWritten += bytes.length;
    } catch (error) {
      sending = Promise.reject(error);
    }
    if (sending === undefined) return done;
    if (this.#shared !== undefined) sending = this.#unlessFailed(sending);
    sending.catch((error: NodeJS.ErrnoException) => {
      if (isPeerGoneCode(error.code)) (this.#goneErrors ??= new WeakSet()).add(error);
    });
    return sending;
  }

  /**
   * The server's address, with the real port: where the server is bound to any address, on the native engine, the one that
   * this request was sent to.
   */
  getsockname(): Address {
    return (this.#localAddress ?? this.#port.address) as Address;
  }

  /** The descriptor, or -1 when closed or where the platform shows none. */
  fileno(): number {
    return this.#port.fd;
  }

  /** Lets `sendto()` take broadcast addresses (`SO_BROADCAST`). */
  setBroadcast(on = true): void {
    this.#port.setBroadcast(on);
  }

  /**
   * Joins a multicast group.
   *
   * @param group - its address, such as `'239.1.2.3'` or `'ff02::fb'`.
   * @param networkInterface - where: an IPv4 address of ours, or `'::%eth0'` for IPv6. Default: the system chooses.
   * @throws the operating system's error.
   */
  addMembership(group: string, networkInterface?: string): void {
    this.#port.addMembership(group, networkInterface);
  }

  /** Leaves a multicast group. Closing does so too. @throws the operating system's error. */
  dropMembership(group: string, networkInterface?: string): void {
    this.#port.dropMembership(group, networkInterface);
  }

  /** Routers that multicast datagrams of this socket may pass, 0 to 255; the system begins with 1. */
  setMulticastTTL(ttl: number): void {
    this.#port.setMulticastTTL(ttl);
  }

  /** Whether multicast datagrams of this socket reach receivers on this machine; the system begins with yes. */
  setMulticastLoopback(on: boolean): void {
    this.#port.setMulticastLoopback(on);
  }

  /** Where multicast datagrams of this socket leave, as in {@link addMembership}. */
  setMulticastInterface(networkInterface: string): void {
    this.#port.setMulticastInterface(networkInterface);
  }

  /** Aborts when the server drains, or the request takes longer than `timeouts.requestMs`: the reason tells which. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
      const { signal } = this.#controller;
      this.#signal = this.#shared === undefined ? signal : AbortSignal.any([this.#shared.signal, signal]);
    }
    return this.#signal;
  }

  /** No connection is a datagram's own. */
  get pace(): undefined {
    return undefined;
  }

  get isOver(): boolean {
    return this.#isClosed || this.#shared?.isOver === true;
  }

  get address(): Address {
    return this.#port.address as Address;
  }

  get fd(): number {
    return this.#port.fd;
  }

  get isReady(): boolean {
    return this.#port.isReady;
  }

  /** Bytes of the datagrams that were received. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes of the datagrams that were sent; of one request, where {@link forRequest} gave the socket. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Datagrams that were dropped because too many waited. */
  get dropped(): number {
    return this.#port.dropped;
  }

  notify(wake: (() => void) | undefined): void {
    this.#port.notify(wake);
  }

  receive(): Datagram | undefined {
    const datagram = this.#port.receive();
    if (datagram === undefined) return undefined;
    this.#lastClient = datagram.remoteAddress;
    this.#bytesRead += datagram.bytes.length;
    return datagram;
  }

  /** Aborts {@link signal} with `reason`. */
  interrupt(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  /** Ends one request: aborts {@link signal}, and has sends fail, with `reason`. Of a socket that {@link forRequest} gave. */
  reset(reason: Error): void {
    this.#failure ??= reason;
    this.interrupt(reason);
    this.#failed?.reject(reason);
  }

  /**
   * The same socket for one request, which can be ended without the others.
   *
   * @param client - who sent the datagram.
   * @param localAddress - what it was sent to, where the engine told; replies to the client leave from there.
   */
  forRequest(client: Address, localAddress?: SocketAddress): DatagramSocket<Address> {
    const socket = new DatagramSocket<Address>(this.#port);
    socket.#shared = this;
    socket.#lastClient = client;
    socket.#localAddress = localAddress;
    return socket;
  }

  /** What {@link forRequest} was told. */
  get localAddress(): SocketAddress | undefined {
    return this.#localAddress;
  }

  /** Sends from an address of ours, for a handler in a worker. Otherwise as {@link sendto}. */
  sendFrom(bytes: Uint8Array, address: Address, localAddress: SocketAddress | undefined): Promise<void> {
    const socket = localAddress === undefined ? this : this.forRequest(address, localAddress);
    return socket.sendto(bytes, address);
  }

  get isForOneRequest(): boolean {
    return this.#shared !== undefined;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#port.close();
  }

  /** Whether `error` came from a {@link sendto} here and says that the peer cannot be reached any more. */
  isPeerGone(error: unknown): boolean {
    return error instanceof Error && (this.#goneErrors?.has(error) ?? false);
  }

  /** Others than the client may not be reachable from the address that it wrote to. */
  #sourceFor(address: SocketAddress): SocketAddress | undefined {
    const client = this.#lastClient;
    if (this.#localAddress === undefined || address === client) return this.#localAddress;
    return address[0] === client[0] && address[1] === client[1] ? this.#localAddress : undefined;
  }

  #unlessFailed(sending: Promise<void>): Promise<void> {
    this.#failed ??= Promise.withResolvers<never>();
    this.#failed.promise.catch(() => {}); // perhaps nothing waits any more
    return Promise.race([sending, this.#failed.promise]);
  }

  #destination(address: SocketAddress): SocketAddress {
    if (address === this.#lastClient && address !== '') return address; // nearly always, and known to be good
    return checkDestination(address, { isIPv6: this.#isIPv6 });
  }
}

/** An answer by ICMP, or for Unix datagrams a path where nobody listens. [udp(7), unix(7)] */
const peerGoneCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOENT']);

function isPeerGoneCode(code: string | undefined): boolean {
  return code !== undefined && peerGoneCodes.has(code);
}
