import type { SocketAddress } from '../address/socket-address.ts';

/**
 * What a handler may see of its server, in every concurrency model. In this thread (serial and concurrent) it is
 * the server itself, so a handler may narrow `this.server` to its own server class there.
 */
export interface ServerView {
  /** Where the server listens, with the real port. */
  readonly serverAddress: SocketAddress;
  /** What was given as `options.workerData`. */
  readonly workerData: unknown;
  /** The engine that moves this server's bytes. */
  readonly engine: 'node' | 'native' | 'memory';
  /** Lets the server take no further request. Safe to await from inside a handler. */
  shutdown(): Promise<void>;
}
