/** The contract that this package implements. Types only: nothing of the library is loaded. */
import type { RequestSource } from 'socketserver/engine';

export type {
  BindOptions,
  ConnectOptions,
  Connection,
  ConnectionSink,
  Crossing,
  CrossingNotes,
  Datagram,
  DatagramBindOptions,
  DatagramPort,
  Engine,
  HandedOver,
  Listener,
  PeerCredentials,
} from 'socketserver/engine';

export type SocketAddress = RequestSource['address'];
export type InetAddress = Exclude<SocketAddress, string>;
