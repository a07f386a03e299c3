import type { SocketAddress } from '../../address/socket-address.ts';
import type { Transferred } from '../error-transfer.ts';
import type { ConnectionSetup, OwnSocket } from './worker-start.ts';

/** A connection to serve; the engine's part of it comes along. */
export interface ServeConnection {
  readonly type: 'connection';
  /** The pool's number, by which the two sides mean this request. */
  readonly id: number;
  /** The server's number: `request.id`. */
  readonly requestId: number;
  /** The message of a `HandedOver`. */
  readonly handedOver: unknown;
  /** Whether {@link Progress} is wanted, and the bytes in {@link EndedRequest}. */
  readonly isObserved: boolean;
}

/** A datagram to serve. */
export interface ServeDatagram {
  readonly type: 'datagram';
  /** The pool's number, by which the two sides mean this request. */
  readonly id: number;
  /** The server's number: the last part of the request. */
  readonly requestId: number;
  readonly clientAddress: SocketAddress;
  /** What it was sent to, where the engine told. */
  readonly localAddress?: SocketAddress | undefined;
  readonly bytes: Uint8Array;
  readonly isTruncated: boolean;
  /** Whether {@link Progress} is wanted, and the bytes in {@link EndedRequest}. */
  readonly isObserved: boolean;
}

/** Has a worker bind a socket of its own, and receive. */
export interface ReceiveDatagrams {
  readonly type: 'receive';
  readonly socket: OwnSocket;
}

/** Has a worker close its own socket; {@link StoppedReceiving} answers. */
export interface StopReceiving {
  readonly type: 'stop-receiving';
  /** Whether datagrams that have come already are served; if not they are lost. */
  readonly servesWaiting: boolean;
}

/** Tells one request, or all of them and those to come, that the server drains. */
export interface InterruptRequests {
  readonly type: 'interrupt';
  readonly id: number | undefined;
  readonly drainMs: number;
}

/** Ends one connection, or all, at once. */
export interface ResetRequests {
  readonly type: 'reset';
  readonly id: number | undefined;
  readonly drainMs: number;
  readonly isForced: boolean;
}

/** Says what comes before the handlers of further connections. */
export interface SetUpConnections {
  readonly type: 'setup';
  readonly connections: ConnectionSetup;
}

/** Asks whether the event loop answers. */
export interface Ping {
  readonly type: 'ping';
}

/** Answers {@link SendDatagram}. */
export interface DatagramSent {
  readonly type: 'sent';
  readonly id: number;
  readonly error: Transferred | undefined;
}

/** Answers {@link ShutDownServer}. */
export interface ServerShutDown {
  readonly type: 'shut-down';
}

/** Ends the worker, which serves nothing any more. */
export interface Exit {
  readonly type: 'exit';
}

export type ServeRequest = ServeConnection | ServeDatagram;

export type ToWorker =
  | ServeRequest
  | ReceiveDatagrams
  | StopReceiving
  | InterruptRequests
  | ResetRequests
  | SetUpConnections
  | Ping
  | DatagramSent
  | ServerShutDown
  | Exit;
