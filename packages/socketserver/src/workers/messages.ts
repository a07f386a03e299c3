/**
 * What a server and its workers tell each other. The same messages go to threads and to processes; both copy them by
 * structured clone.
 */
import type { SocketAddress } from '../address/socket-address.ts';
import type { HandshakeFacts } from '../diagnostics/tls-events.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { ResolvedTimeouts } from '../options/timeout-options.ts';
import type { TLSMaterial } from '../tls/tls-material.ts';
import type { DatagramBinding } from './datagram-binding.ts';
import type { Transferred } from './error-transfer.ts';
import type { HandlerReference } from './handler-module.ts';
import type { OwnRequests, PlainDatagram } from './own-requests.ts';

/** What a worker must know before its first request. */
export interface WorkerStart {
  /** The how-manieth worker of its server it is, from 1. */
  readonly ordinal: number;
  readonly handler: HandlerReference;
  readonly serverAddress: SocketAddress;
  readonly workerData: unknown;
  readonly engine: Engine['name'];
  readonly connections: ConnectionSetup;
  /** The socket of its own that it receives from, if it has one. */
  readonly socket: OwnSocket | undefined;
  /** Of a thread: the memory of the `ReportRing` that it shares with its server. */
  readonly reports?: SharedArrayBuffer | undefined;
  /** Of a thread: the number of the crossing by which connections come, where the engine has such. */
  readonly crossing?: number | undefined;
}

/** A datagram socket that a worker has for itself. */
export interface OwnSocket {
  readonly binding: DatagramBinding;
  /** Datagrams that the worker may serve at once; further ones wait in the socket. */
  readonly maxRunning: number;
}

/** What comes before the handler of a connection, and how long each phase of it may take. */
export interface ConnectionSetup {
  /** For the handshakes of a TLS server. */
  readonly tls?: TLSMaterial | undefined;
  readonly timeouts: ResolvedTimeouts;
  /** Bytes that a peer must send, or take, in a second while the handler waits for it; 0 asks for none. */
  readonly minBytesPerSecond: number;
  /** Whether reads find the end of the stream once the handler was told to end. */
  readonly endReadsOnDrain?: boolean | undefined;
  /** Whether somebody may wait for the end of any connection, so that it is to be told at once. */
  readonly tellsEndsAtOnce?: boolean | undefined;
  /** Requests that the worker is given at once: others may wait for the end of one of so many. Default `Infinity`. */
  readonly requestsPerWorker?: number | undefined;
}

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
