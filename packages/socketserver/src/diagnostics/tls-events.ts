import type { SocketAddress } from '../address/socket-address.ts';
import type { TLSFacts } from '../tls/tls-facts.ts';
import { eventChannel } from './event-channel.ts';

/**
 * Published when a client of a TLS server has got through the handshake, before its handler, and when the client of any
 * other stream server has got through that of `startTLS()`; from workers too.
 */
export interface TLSEstablishedEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Milliseconds that the handshake took. */
  readonly durationMs: number;
  /** `'TLSv1.2'` or `'TLSv1.3'`. */
  readonly protocol: string;
  /** The cipher suite under its IANA name. */
  readonly cipher: string;
  /** The host name that the client asked for (SNI). */
  readonly serverName: string | undefined;
  /** The application protocol that both sides speak. */
  readonly alpnProtocol: string | undefined;
  /** Whether the session of an earlier connection was resumed. */
  readonly resumed: boolean;
  /** Whether the client showed a certificate that counts. */
  readonly authorized: boolean;
}

/**
 * Published when a client did not get through the handshake: of a TLS server, where nobody else learns of it, or of
 * `startTLS()`, which the handler learns too.
 */
export interface TLSFailedEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Mostly a `TLSHandshakeError`. */
  readonly error: Error;
}

export const tlsEstablishedChannel = eventChannel<TLSEstablishedEvent>('socketserver:tls:established');
export const tlsFailedChannel = eventChannel<TLSFailedEvent>('socketserver:tls:failed');

/** What a handshake is told by, without its ends: plain values, which can cross to another thread or process. */
export type HandshakeFacts = Omit<TLSEstablishedEvent, 'serverAddress' | 'clientAddress'>;

export function handshakeFacts(tls: TLSFacts, durationMs: number): HandshakeFacts {
  const { protocol, cipher, serverName, alpnProtocol, resumed, authorized } = tls;
  return { durationMs, protocol, cipher, serverName, alpnProtocol, resumed, authorized };
}
