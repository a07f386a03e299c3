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
