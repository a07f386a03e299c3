import type { SocketAddress } from '../../address/socket-address.ts';
import type { HandshakeFacts } from '../../diagnostics/tls-events.ts';
import type { Transferred } from '../error-transfer.ts';
import type { OwnRequests, PlainDatagram } from '../own-requests.ts';

/** The handler is loaded. */
export interface Ready {
  readonly type: 'ready';
}

/** The handler cannot be loaded. */
export interface Failed {
  readonly type: 'failed';
  readonly error: Transferred;
}

/** How far a request is that somebody observes. */
export interface Progress {
  readonly type: 'progress';
  readonly id: number;
  /** The TLS handshake that is done; without it, and without an error of one, the handler begins. */
  readonly handshake?: HandshakeFacts | undefined;
  /** Why a TLS handshake failed that the handler began. */
  readonly handshakeError?: Transferred | undefined;
}

/** How one request ended. */
export interface EndedRequest {
  readonly id: number;
  /** Bytes so far, where the request is observed. */
  readonly bytesRead?: number | undefined;
  readonly bytesWritten?: number | undefined;
  /** What the handler threw. */
  readonly error?: Transferred | undefined;
  /** Where the error only says that the peer went away, or did not get through the TLS handshake. */
  readonly fault?: 'peer-gone' | 'handshake' | undefined;
}

/** One connection whose descriptor is free. */
export interface ClosedConnection {
  readonly id: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** What happened since the last report. */
export interface Report {
  readonly type: 'report';
  readonly ended: readonly EndedRequest[];
  readonly closed: readonly ClosedConnection[];
  /** Whether it answers a {@link Ping} too. */
  readonly isAnswer: boolean;
  /** Bytes of JavaScript heap in use, and the share of time that the loop was busy; not in every report. */
  readonly load?: WorkerLoad | undefined;
  /** What it did with the datagrams of its own socket. */
  readonly own?: OwnRequests | undefined;
}

/** What a worker tells about its own load. */
export interface WorkerLoad {
  readonly heapBytes: number;
  readonly utilization: number;
}

/** The own socket is closed, and what it did is reported. */
export interface StoppedReceiving {
  readonly type: 'stopped';
}

/** Last words: the datagrams of the own socket whose handlers go down with the worker. */
export interface Leaving {
  readonly type: 'leaving';
  readonly running: readonly PlainDatagram[];
}

/** Asks the server's socket to send a datagram. */
export interface SendDatagram {
  readonly type: 'send';
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly address: SocketAddress;
  /** The address of ours that it shall leave from; `undefined` leaves that to the system. */
  readonly from?: SocketAddress | undefined;
}

/** A handler called `this.server.shutdown()`. */
export interface ShutDownServer {
  readonly type: 'shutdown';
}

/** Answers {@link Ping}. */
export interface Pong {
  readonly type: 'pong';
}

/** Last words: the worker ends because of an error outside of every request. */
export interface Crashing {
  readonly type: 'crashing';
  readonly error: Transferred;
}

export type FromWorker =
  | Ready
  | Failed
  | Progress
  | Report
  | StoppedReceiving
  | Leaving
  | SendDatagram
  | ShutDownServer
  | Pong
  | Crashing;
