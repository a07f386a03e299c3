import type { SocketAddress } from '../../address/socket-address.ts';
import type { Clock } from '../clock.ts';
import type { Arrivals, Connection, Crossing, CrossingNotes, HandedOver, Listener } from './connection.ts';
import type { DatagramBindOptions, DatagramPort } from './datagram-port.ts';
import type { BindOptions } from './request-source.ts';

/** Opens sockets. One engine object serves a whole thread; it holds no per-server state. */
export interface Engine {
  readonly name: 'node' | 'native' | 'memory';
  /** What the deadlines of its servers run by, where that is not the system's time. */
  readonly clock?: Clock | undefined;

  /**
   * Binds a stream socket, synchronously; it listens once {@link Listener.listen} is called.
   *
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open.
   */
  bindStream(address: SocketAddress, options: BindOptions): Listener;

  /** Binds a datagram socket, synchronously. @throws as {@link bindStream}. */
  bindDatagram(address: SocketAddress, options: DatagramBindOptions): DatagramPort;

  /**
   * Takes over a stream socket that this process has inherited: bound, and mostly listening already. Its
   * {@link Listener.listen} is to be called all the same. Absent where the engine has no descriptors.
   *
   * @param address - where it is known beforehand; an engine that can ask the socket does so.
   * @throws the operating system's error for a descriptor of another kind.
   */
  adoptListener?(fd: number, address: SocketAddress | undefined): Listener;

  /**
   * Takes over a bound datagram socket that this process has inherited. Of the options those count that say nothing
   * about binding.
   *
   * @param isIPv6 - where that is known beforehand; an engine that can ask the socket does so.
   * @throws as {@link adoptListener}.
   */
  adoptDatagram?(fd: number, options: DatagramBindOptions, isIPv6: boolean | undefined): DatagramPort;

  /** Opens a connection to a listening socket. Rejects with the operating system's error. */
  connect(address: SocketAddress, options?: ConnectOptions): Promise<Connection>;

  /** Takes over a connection that {@link Connection.handOver} gave away in another thread or process. */
  adopt(handedOver: HandedOver): Connection;

  /** Opens a way for connections to another thread of this process. Absent where the engine has none but messages. */
  openCrossing?(): Crossing;

  /**
   * Has connections come that another thread sends by the crossing of this number. A thread joins one at most.
   *
   * @param arrived - gets them, in order, each with what its sender has noted.
   * @throws the operating system's error: `ENOENT` for a crossing that is closed.
   */
  joinCrossing?(number: number, arrived: (connection: Connection, notes: CrossingNotes) => void): Arrivals;
}

/** What `connect()` of an engine may be told besides the address. */
export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
}
