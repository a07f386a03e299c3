import { join } from 'node:path';
import { makePrivateFolder, type RcmdPaths, rcmdPaths } from '../paths/rcmd-paths.ts';
import type { Identity } from '../trust/identity.ts';
import { type CommandLimitOptions, resolveCommandLimits } from './command-limits.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerSettings } from './server-settings.ts';

/** Options of {@link createServer}. */
export interface RcmdServerOptions {
  /** Where it listens: `HOST:PORT` (TLS 1.3) or `unix:PATH`, one or several. Default `'127.0.0.1:8888'`. */
  readonly listen?: string | readonly string[] | undefined;
  /** Folders instead of the user's own: keys and whom to trust, the audit, what runs. */
  readonly paths?: Partial<RcmdPaths> | undefined;
  /** How much it runs, for whom, and for how long. */
  readonly limits?: CommandLimitOptions | undefined;
  /** What is written down about what runs. */
  readonly audit?: AuditOptions | undefined;
  /** Deadlines. */
  readonly timeouts?: ServerTimeoutOptions | undefined;
  /** Learns what happens, at once and in order; what it throws ends the process. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined;
}

/** The `audit` group. */
export interface AuditOptions {
  /** Where the files are. Default: `audit` in the folder of state. */
  readonly folder?: string | undefined;
  /** Whether each record is on the disk before its command runs. Default `false`. */
  readonly isDurable?: boolean | undefined;
  /** Whether a command is refused whose record cannot be written. Default `true`. */
  readonly mustBeWritten?: boolean | undefined;
}

/** The `timeouts` group, in milliseconds. */
export interface ServerTimeoutOptions {
  /** For a client to say who it is, from the accept to its greeting. Default 10,000. */
  readonly authenticationMs?: number | undefined;
  /** From the moment in which commands are told to end to the forced end of connections. Default 15,000. */
  readonly drainMs?: number | undefined;
}

/** The options with every default filled in. */
export interface ResolvedServerOptions {
  readonly listen: readonly ListenAddress[];
  readonly settings: (identity: Identity) => ServerSettings;
  readonly paths: RcmdPaths;
  readonly drainMs: number;
  readonly onEvent: (event: ServerEvent) => void;
}

const groups = {
  options: ['listen', 'paths', 'limits', 'audit', 'timeouts', 'onEvent'],
  'options.paths': ['config', 'state', 'runtime'],
  'options.audit': ['folder', 'isDurable', 'mustBeWritten'],
  'options.timeouts': ['authenticationMs', 'drainMs'],
} as const;

/** @throws TypeError for an unknown key, and for a value that cannot be. */
export function resolveServerOptions(given: RcmdServerOptions): ResolvedServerOptions {
  refuseUnknown('options', given);
  refuseUnknown('options.paths', given.paths);
  refuseUnknown('options.audit', given.audit);
  refuseUnknown('options.timeouts', given.timeouts);
  const paths = { ...rcmdPaths(), ...withoutUndefined(given.paths) };
  const texts = given.listen === undefined ? ['127.0.0.1:8888'] : [given.listen].flat();
  if (texts.length === 0) throw new TypeError('Cannot createServer: options.listen must name an address');
  const limits = resolveCommandLimits(given.limits);
  const { authenticationMs = 10_000, drainMs = 15_000 } = given.timeouts ?? {};
  const { folder = join(paths.state, 'audit'), isDurable = false, mustBeWritten = true } = given.audit ?? {};
  return {
    listen: texts.map((text) => parseListenAddress(text)),
    paths,
    drainMs: milliseconds('drainMs', drainMs),
    onEvent: given.onEvent ?? (() => {}),
    settings: ({ fingerprint, comment }) => ({
      paths,
      identity: { fingerprint, comment },
      limits,
      audit: { folder, isDurable, mustBeWritten },
      authenticationMs: milliseconds('authenticationMs', authenticationMs),
      pid: process.pid,
      startedAt: Date.now(),
    }),
  };
}

function refuseUnknown(path: keyof typeof groups, given: object | undefined): void {
  const known: readonly string[] = groups[path];
  for (const name of Object.keys(given ?? {})) {
    if (!known.includes(name)) {
      throw new TypeError(`Cannot createServer: ${path} has no ${name}; it has ${known.join(', ')}`);
    }
  }
}

function milliseconds(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new TypeError(
    `Cannot createServer: options.timeouts.${name} must be a number of milliseconds from 0 on, got ${String(value)}`,
  );
}

function withoutUndefined<Value extends object>(value: Value | undefined): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value ?? {}).filter(([, each]) => each !== undefined),
  ) as Partial<Value>;
}

/** Makes the folders that a server needs, for its user only. */
export function makeServerFolders({ config, state, runtime }: RcmdPaths): void {
  for (const folder of [config, state, runtime]) makePrivateFolder(folder);
}
