/** How much a server runs, for whom, and for how long. `Infinity` is no limit. */
export interface CommandLimitOptions {
  /** Commands that may run at once, of all clients. Default 1,024. */
  readonly maxCommands?: number | undefined;
  /** Of these, commands of one client, over all its connections. Default 256. */
  readonly maxCommandsPerClient?: number | undefined;
  /** Of these, commands on one connection. Default 256. */
  readonly maxCommandsPerConnection?: number | undefined;
  /** Connections that one client may have. Default 256. */
  readonly maxConnectionsPerClient?: number | undefined;
  /** Commands that one client may start a second; as many may come at once after a pause. Default 1,000. */
  readonly opensPerSecond?: number | undefined;
  /** Milliseconds that a command may run, whatever its client asks for. Default `Infinity`. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds that a command may go without output or input. Default `Infinity`. */
  readonly idleTimeoutMs?: number | undefined;
  /** Bytes of output of one command, both streams together. Default `Infinity`. */
  readonly maxOutputBytes?: number | undefined;
  /** Milliseconds that a client may ask for between the signal that ends its command and SIGKILL. Default 60,000. */
  readonly maxGraceMs?: number | undefined;
}

/** The limits with every default filled in. */
export type CommandLimits = { readonly [Name in keyof CommandLimitOptions]-?: number };

const defaults: CommandLimits = {
  maxCommands: 1_024,
  maxCommandsPerClient: 256,
  maxCommandsPerConnection: 256,
  maxConnectionsPerClient: 256,
  opensPerSecond: 1_000,
  timeoutMs: Infinity,
  idleTimeoutMs: Infinity,
  maxOutputBytes: Infinity,
  maxGraceMs: 60_000,
};

/** @throws TypeError for an unknown limit, and for one that is no number above 0. */
export function resolveCommandLimits(given: CommandLimitOptions = {}): CommandLimits {
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(`Cannot createServer: options.limits.${name} does not exist`);
    }
    if (value !== undefined && !(typeof value === 'number' && value > 0)) {
      const must = 'a number above 0, Infinity for no limit';
      throw new TypeError(
        `Cannot createServer: options.limits.${name} must be ${must}, got ${JSON.stringify(value)}`,
      );
    }
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...defaults, ...set });
}
