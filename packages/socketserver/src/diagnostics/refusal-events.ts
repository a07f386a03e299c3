import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** What turned a client away: an access list, or the limit by its name. */
export type RefusalReason =
  'access' | 'maxConnections' | 'maxConnectionsPerAddress' | 'maxPending' | 'acceptRate';

/** Published when a client is turned away before it is a request. Nobody else learns of it. */
export interface ClientRefusedEvent {
  readonly serverAddress: SocketAddress;
  /** The client; its proxy where that was refused before its PROXY header was read. */
  readonly clientAddress: SocketAddress;
  readonly reason: RefusalReason;
}

/** Published when as many connections are open as may be: further clients wait, or are turned away. */
export interface LimitReachedEvent {
  readonly serverAddress: SocketAddress;
  readonly limit: 'maxConnections';
  /** The limit, in connections. */
  readonly value: number;
}

export const clientRefusedChannel = eventChannel<ClientRefusedEvent>('socketserver:client:refused');
export const limitReachedChannel = eventChannel<LimitReachedEvent>('socketserver:limit:reached');
