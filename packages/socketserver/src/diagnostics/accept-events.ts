import type { SocketAddress } from '../address/socket-address.ts';
import { eventChannel } from './event-channel.ts';

/** Published when taking a request failed and the server goes on. */
export interface AcceptFailedEvent {
  readonly serverAddress: SocketAddress;
  /** What the operating system answered, such as `EMFILE` or `ECONNABORTED`. */
  readonly error: Error;
  /** Milliseconds until the next try; 0 when the server goes on at once. */
  readonly retryMs: number;
}

export const acceptFailedChannel = eventChannel<AcceptFailedEvent>('socketserver:accept:failed');
