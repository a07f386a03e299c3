/**
 * The contract between this library and what moves its bytes. Everything above `engine/` is written once on
 * these interfaces; an engine behind them is replaceable. Three exist: `node` (here), `native` (an optional
 * package) and `memory` (for tests).
 *
 * The shape follows the fastest engine. News comes as plain calls on a sink, so that an engine may deliver a
 * whole batch of events in one entry into JavaScript; accepting and receiving are pulls, so that what nobody
 * asked for stays in the kernel (or, where the platform cannot leave it there, in the engine).
 */
export { isInetAddress } from '../address/socket-address.ts';
export type {
  Arrivals,
  Connection,
  ConnectionSink,
  Crossing,
  CrossingNotes,
  HandedOver,
  Listener,
  PeerCredentials,
} from './contract/connection.ts';
export type { Datagram, DatagramBindOptions, DatagramPort } from './contract/datagram-port.ts';
export type { ConnectOptions, Engine } from './contract/engine.ts';
export type { Accepted, Loan, LoanState, LoanTerms } from './contract/loan.ts';
export type { NodeStream } from './contract/node-stream.ts';
export type { BindOptions, RequestSource } from './contract/request-source.ts';
