import type { SocketAddress } from '../../address/socket-address.ts';

/** What requests are pulled from. `isReady` and `notify` are the `select()` of this contract. */
export interface RequestSource {
  /** The bound address, with the real port. Still readable after `close()`. */
  readonly address: SocketAddress;
  /** The descriptor, or -1 when closed or where the platform shows none. */
  readonly fd: number;

  /** Whether a pull would give something (a request or an error) at once. */
  readonly isReady: boolean;

  /**
   * Calls `wake` once, soon after `isReady` became true; at once (but never inside this call) if it is true
   * already. A later call replaces the earlier `wake`; `undefined` cancels it.
   */
  notify(wake: (() => void) | undefined): void;

  /**
   * Stops taking requests and frees the descriptor. Requests that wait in the engine are ended as the
   * operating system ends those in its own queue. Idempotent. Resolves when the descriptor is free.
   */
  close(): Promise<void>;
}

/** How a socket is bound that requests come from. */
export interface BindOptions {
  /** `SO_REUSEADDR`. An engine that cannot switch it off refuses `false`. */
  readonly reuseAddress: boolean;
  /** `SO_REUSEPORT`. */
  readonly reusePort: boolean;
  /** `IPV6_V6ONLY`: `false` lets an IPv6 wildcard address take IPv4 clients too. */
  readonly ipv6Only: boolean;
  /** Permission bits of a Unix path; `undefined` leaves them to the umask. */
  readonly mode?: number | undefined;
}
