import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** Published when a client of a TLS server did not get through the handshake. Nobody else learns of it. */
export interface TLSFailedEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Mostly a `TLSHandshakeError`. */
  readonly error: Error;
}

export const tlsFailedChannel = eventChannel<TLSFailedEvent>('socketserver:tls:failed');
