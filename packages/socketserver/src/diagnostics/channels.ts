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
