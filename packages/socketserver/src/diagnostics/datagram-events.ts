import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** Published when a datagram was longer than its server's `maxPacketSize`, before the request is processed. */
export interface DatagramTruncatedEvent {
  readonly serverAddress: SocketAddress;
  readonly clientAddress: SocketAddress;
  /** Bytes that were kept; the rest is lost. */
  readonly maxPacketSize: number;
}

export const datagramTruncatedChannel = eventChannel<DatagramTruncatedEvent>(
  'socketserver:datagram:truncated',
);
