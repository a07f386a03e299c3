import { type EngineChoice } from '../engine/choose-engine.ts';
import {
  aBoolean,
  anInteger,
  anything,
  checkOptions,
  milliseconds,
  type OptionRules,
  seconds,
} from '../options/check-options.ts';

/** Deadlines, in milliseconds; `Infinity` means none. */
export interface TimeoutOptions {
  /** From the start of a drain to the forced end of the requests that still run. Default 15,000. */
  readonly drainMs?: number | undefined;
  /** For a client's TLS handshake, from when a TLS server takes it on. Default 10,000. */
  readonly handshakeMs?: number | undefined;
}

/** What every server takes. Those that are also class attributes (`static`) win over them. */
export interface ServerOptions {
  /** `false` leaves binding and listening to `serverBind()` and `serverActivate()`. Default `true`. */
  readonly bindAndActivate?: boolean | undefined;
  /** What moves the bytes. Default `'auto'`: as `SOCKETSERVER_ENGINE` says, else the fastest that works. */
  readonly engine?: EngineChoice | undefined;
  /** Seconds that `handleRequest()` waits before it calls `handleTimeout()`. Default: for ever. */
  readonly timeout?: number | undefined;
  /** `SO_REUSEADDR`. Default `true`. */
  readonly allowReuseAddress?: boolean | undefined;
  /**
   * `SO_REUSEPORT`: several sockets on one port, among which the kernel spreads clients. Default `false`. With it each
   * worker of a threading or forking UDP server has its own.
   */
  readonly allowReusePort?: boolean | undefined;
  /** Reaches every handler as `this.server.workerData`; must survive a structured clone for threads and processes. */
  readonly workerData?: unknown;
  /** Deadlines. */
  readonly timeouts?: TimeoutOptions | undefined;
}

export const serverOptionRules: OptionRules<ServerOptions> = {
  bindAndActivate: aBoolean,
  engine: anything, // chooseEngine() says what it must be
  timeout: seconds,
  allowReuseAddress: aBoolean,
  allowReusePort: aBoolean,
  workerData: anything,
  timeouts: anything, // a group, checked by resolveTimeouts()
};

/** The deadlines with every default filled in. */
export interface ResolvedTimeouts {
  readonly drainMs: number;
  readonly handshakeMs: number;
}

const timeoutDefaults: ResolvedTimeouts = { drainMs: 15_000, handshakeMs: 10_000 };

/** @throws TypeError for an unknown key or a value that breaks its rule. */
export function resolveTimeouts(given: TimeoutOptions | undefined, action: string): ResolvedTimeouts {
  const rules: OptionRules<TimeoutOptions> = { drainMs: milliseconds, handshakeMs: milliseconds };
  const checked = checkOptions(given, rules, { action, path: 'options.timeouts' });
  return Object.freeze({
    drainMs: checked.drainMs ?? timeoutDefaults.drainMs,
    handshakeMs: checked.handshakeMs ?? timeoutDefaults.handshakeMs,
  });
}

/** `listen(2)`'s backlog as an option. */
export const backlogRule = anInteger(1, 65_535);
