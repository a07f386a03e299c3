import { checkOptions, milliseconds, someMilliseconds, type OptionRules } from './check-options.ts';

/** Deadlines, in milliseconds; `Infinity` means none. */
export interface TimeoutOptions {
  /** For a PROXY header, from when the connection is taken on. Default 5,000. */
  readonly proxyHeaderMs?: number | undefined;
  /** For a client's TLS handshake, from when a TLS server takes it on. Default 10,000. */
  readonly handshakeMs?: number | undefined;
  /** From a handler's start to the first byte of its client. Default `Infinity`. */
  readonly firstByteMs?: number | undefined;
  /** Without a byte in either direction. Default `Infinity`. */
  readonly idleMs?: number | undefined;
  /** From a handler's start to its end; of datagram requests too. Default `Infinity`. */
  readonly requestMs?: number | undefined;
  /**
   * From `serverClose()`, or a signal, to the moment in which a server that serves takes no further request; until then
   * it goes on, and only its health listener says that it is draining. Default 0.
   */
  readonly lameDuckMs?: number | undefined;
  /** From the moment in which requests are told to end to the forced end of those that still run. Default 15,000. */
  readonly drainMs?: number | undefined;
  /** Of a connection, until its handler is told to end: up to a tenth earlier or later for each. Default `Infinity`. */
  readonly maxLifetimeMs?: number | undefined;
}

/** The deadlines with every default filled in. */
export type ResolvedTimeouts = { readonly [Key in keyof TimeoutOptions]-?: number };

/** What holds where nothing was given. */
export const timeoutDefaults: ResolvedTimeouts = {
  proxyHeaderMs: 5_000,
  handshakeMs: 10_000,
  firstByteMs: Infinity,
  idleMs: Infinity,
  requestMs: Infinity,
  lameDuckMs: 0,
  drainMs: 15_000,
  maxLifetimeMs: Infinity,
};

const timeoutRules: OptionRules<TimeoutOptions> = {
  proxyHeaderMs: someMilliseconds,
  handshakeMs: someMilliseconds,
  firstByteMs: someMilliseconds,
  idleMs: someMilliseconds,
  requestMs: someMilliseconds,
  lameDuckMs: milliseconds,
  drainMs: milliseconds,
  maxLifetimeMs: someMilliseconds,
};

/** @throws TypeError for an unknown key or a value that breaks its rule. */
export function resolveTimeouts(given: TimeoutOptions | undefined, action: string): ResolvedTimeouts {
  const checked = checkOptions(given, timeoutRules, { action, path: 'options.timeouts' });
  return Object.freeze({ ...timeoutDefaults, ...(checked as Partial<ResolvedTimeouts>) });
}
