/** The contract that this package implements. Types only: nothing of the library is loaded. */
import type { RequestSource } from 'socketserver/engine';

export type {
  Accepted,
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
  Loan,
  LoanState,
  LoanTerms,
  PeerCredentials,
} from 'socketserver/engine';

export type SocketAddress = RequestSource['address'];
export type InetAddress = Exclude<SocketAddress, string>;
