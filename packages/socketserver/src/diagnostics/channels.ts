import { channel } from 'node:diagnostics_channel';
import type { SocketAddress } from '../address/socket-address.ts';

/** Payload of {@link acceptErrorChannel}. */
export interface AcceptErrorEvent {
  readonly serverAddress: SocketAddress;
  /** What the operating system answered, such as `EMFILE` or `ECONNABORTED`. */
  readonly error: Error;
  /** Milliseconds until the next try; 0 when the server goes on at once. */
  readonly retryMs: number;
}

/** Published when taking a request failed and the server goes on. */
export const acceptErrorChannel = channel('socketserver:accept:error');

/** Payload of {@link truncatedDatagramChannel}. */
export interface TruncatedDatagramEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Bytes that were kept; the rest is lost. */
  readonly maxPacketSize: number;
}

/** Published when a datagram was longer than its server's `maxPacketSize`, before the request is processed. */
export const truncatedDatagramChannel = channel('socketserver:datagram:truncated');

/** Payload of {@link tlsErrorChannel}. */
export interface TLSErrorEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Mostly a `TLSHandshakeError`. */
  readonly error: Error;
}

/** Published when a client of a TLS server did not get through the handshake. Nobody else learns of it. */
export const tlsErrorChannel = channel('socketserver:tls:error');

/** Payload of {@link workerStartedChannel}. */
export interface WorkerStartedEvent {
  readonly serverAddress: SocketAddress;
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly worker: number;
}

/** Published when a worker has loaded the handler and takes requests. */
export const workerStartedChannel = channel('socketserver:worker:started');

/** Payload of {@link workerBlockedChannel}. */
export interface WorkerBlockedEvent {
  readonly serverAddress: SocketAddress;
  readonly kind: 'thread' | 'process';
  readonly worker: number;
  /** The clients whose requests it serves. */
  readonly requests: readonly SocketAddress[];
}

/** Published once when the event loop of a worker stops answering, while further requests wait for it. */
export const workerBlockedChannel = channel('socketserver:worker:blocked');

/** Payload of {@link workerLostChannel}. */
export interface WorkerLostEvent {
  readonly serverAddress: SocketAddress;
  readonly kind: 'thread' | 'process';
  readonly worker: number;
  /** Mostly a `WorkerLostError`; a `HandlerModuleError` for a worker that could not start. */
  readonly error: Error;
  /** The clients whose requests were lost with it. */
  readonly lostRequests: readonly SocketAddress[];
  /** Milliseconds until a replacement is started: more than 0 in a crash loop; `Infinity` when there is none. */
  readonly retryMs: number;
}

/** Published when a worker ends that was not meant to. */
export const workerLostChannel = channel('socketserver:worker:lost');
