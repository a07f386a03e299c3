import type { SocketAddress } from '../address/socket-address.ts';
import type { ProxyFacts } from '../proxy-protocol/proxy-header.ts';
import { eventChannel } from './event-channel.ts';

/** Published when a connection has come with a valid PROXY header, before its TLS handshake and its request. */
export interface ProxyAcceptedEvent {
  readonly serverAddress: SocketAddress;
  /** The client whom the header names, or the proxy itself where it names none. */
  readonly clientAddress: SocketAddress;
  /** What the header says, and who sent it. */
  readonly proxy: ProxyFacts;
}

/** Published when a connection was reset because it did not come with a valid PROXY header. Nobody else learns of it. */
export interface ProxyFailedEvent {
  readonly serverAddress: SocketAddress;
  /** The other end of the connection: a proxy, or a client that is none of those that are to send headers. */
  readonly peerAddress: SocketAddress;
  /** Mostly a `ProxyHeaderError`. */
  readonly error: Error;
}

export const proxyAcceptedChannel = eventChannel<ProxyAcceptedEvent>('socketserver:proxy:accepted');
export const proxyFailedChannel = eventChannel<ProxyFailedEvent>('socketserver:proxy:failed');
