import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** Published when `suspend()` has a server take no further request for now. */
export interface ServerSuspendedEvent {
  readonly serverAddress: SocketAddress;
}

/** Published when `resume()` has it take requests again. */
export interface ServerResumedEvent {
  readonly serverAddress: SocketAddress;
}

export const suspendedChannel = eventChannel<ServerSuspendedEvent>('socketserver:server:suspended');
export const resumedChannel = eventChannel<ServerResumedEvent>('socketserver:server:resumed');
