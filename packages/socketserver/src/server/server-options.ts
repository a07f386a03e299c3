import { type EngineChoice } from '../engine/choose-engine.ts';
import type { HealthOptions } from '../health/health-options.ts';
import {
  aBoolean,
  anInteger,
  anything,
  checkOptions,
  type OptionRules,
  seconds,
} from '../options/check-options.ts';
import { checkClassAttributes } from '../options/class-attributes.ts';
import type { TimeoutOptions } from '../options/timeout-options.ts';

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
  /** Deadlines, phase by phase. */
  readonly timeouts?: TimeoutOptions | undefined;
  /** A small HTTP listener that says whether the server takes requests. Default: none. */
  readonly health?: HealthOptions | undefined;
  /**
   * Whether this server counts where systemd wants to know how the service is (`NOTIFY_SOCKET` is set): it is ready
   * when all servers that count serve, and stopping when the last of them closes. Default `true`.
   */
  readonly notifySystemd?: boolean | undefined;
}

export const serverOptionRules: OptionRules<ServerOptions> = {
  bindAndActivate: aBoolean,
  engine: anything, // chooseEngine() says what it must be
  timeout: seconds,
  allowReuseAddress: aBoolean,
  allowReusePort: aBoolean,
  workerData: anything,
  timeouts: anything, // a group, checked by resolveTimeouts()
  health: anything, // a group, checked by resolveHealth()
  notifySystemd: aBoolean,
};

/**
 * Checks the options that a constructor was given, and the attributes of its class that stand for them: see
 * {@link checkOptions}.
 *
 * @param parts - the beginning of the message, and `new.target`.
 */
export function checkServerOptions<Options extends ServerOptions>(
  given: Options | undefined,
  rules: OptionRules<Options>,
  { action, Class }: { readonly action: string; readonly Class: { readonly name: string } },
): Readonly<Options> {
  checkClassAttributes(Class, rules, action);
  return checkOptions(given, rules, { action, path: 'options' });
}

/** `listen(2)`'s backlog as an option. */
export const backlogRule = anInteger(1, 65_535);
