import { join } from 'node:path';
import { makePrivateFolder, type RcmdPaths, rcmdPaths } from '../paths/rcmd-paths.ts';
import { isAcceptable } from '../policy/environment.ts';
import type { Asker, Decision, Operation } from '../policy/operation.ts';
import type { Identity } from '../trust/identity.ts';
import { type CommandLimitOptions, resolveCommandLimits } from './command-limits.ts';
import type { Authorization, PresentedKey } from './core/core.ts';
import type { GuardSettings } from './core/intake-guard.ts';
import type { Callbacks } from './core/own-core.ts';
import { blockListOf } from './core/penalties.ts';
import { type ListenAddress, parseListenAddresses } from './listen-address.ts';
import type { ConcurrencyModel } from './listeners.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerSettings } from './server-settings.ts';

/** Options of {@link createServer}. */
export interface RcmdServerOptions {
  /**
   * Where it listens: `HOST:PORT` (TLS 1.3) or `unix:PATH`, one or several; `systemd` or `systemd:NAME` for the sockets that systemd has
   * passed to this process. Default `'127.0.0.1:8888'`.
   */
  readonly listen?: string | readonly string[] | undefined;
  /** A listener for the classic exchange. Default: none. */
  readonly classic?: ClassicOptions | undefined;
  /** Where connections are served, and their commands started. Default `'concurrent'`. */
  readonly model?: ConcurrencyModel | undefined;
  /**
   * Says who may come in over TLS besides the server's own user, whom it is not asked about: `true` for a key that may do
   * everything, options as they stand in `authorized_keys` (`'no-shell,allow="uptime"'`), `false` for one that may not;
   * `undefined` leaves it to `authorized_keys`.
   */
  readonly authorize?:
    ((key: PresentedKey) => Authorization | undefined | Promise<Authorization | undefined>) | undefined;
  /**
   * Is asked about every operation that the rights of a client allow, and may deny it, or let something else run;
   * `undefined` lets it be. What it throws denies.
   */
  readonly policy?:
    | ((operation: Operation, asker: Asker) => Decision | undefined | Promise<Decision | undefined>)
    | undefined;
  /**
   * Names of variables that clients may set though they make programs run other code (`['PATH']`), but for those whose key has
   * limits: what these may set besides stands before the key, as `accept-env="PATH"`. Default: none.
   */
  readonly acceptEnv?: readonly string[] | undefined;
  /** Folders instead of the user's own: keys and whom to trust, the audit, what runs. */
  readonly paths?: Partial<RcmdPaths> | undefined;
  /** How much it runs, for whom, and for how long. */
  readonly limits?: CommandLimitOptions | undefined;
  /** How many clients may be there that have not said who they are, and who is kept out. */
  readonly admission?: AdmissionOptions | undefined;
  /** What is written down about what runs. */
  readonly audit?: AuditOptions | undefined;
  /** From the moment in which commands are told to end to the forced end of connections, in milliseconds. Default 15,000. */
  readonly drainMs?: number | undefined;
  /** Learns what happens, at once and in order. What it throws breaks nothing: it becomes a warning of this process, `RCMD_ON_EVENT`. */
  readonly onEvent?: ((event: ServerEvent) => void) | undefined;
}

/** The `classic` group: the exchange of the classic exercise, in which clients say neither who they are nor encrypt. */
export interface ClassicOptions {
  /** Whoever can connect may run anything: on this machine every user, and every web page in a browser. Must be spelled out. */
  readonly insecure: true;
  /** Where: `HOST:PORT` or `unix:PATH`, one or several. */
  readonly listen: string | readonly string[];
}

/** The `admission` group. */
export interface AdmissionOptions {
  /** Milliseconds that a client has to say who it is, from the accept to its greeting. Default 10,000. */
  readonly authenticationMs?: number | undefined;
  /** Clients at most that have not said who they are; more push others out, of whoever has most. Default 128. */
  readonly maxHalfOpen?: number | undefined;
  /** Milliseconds of penalties from which an address is kept out. Default 15,000. */
  readonly penaltyMinMs?: number | undefined;
  /** Milliseconds that an address is kept out at most. Default 600,000. */
  readonly penaltyMaxMs?: number | undefined;
  /** Addresses and ranges that are never kept out. Default this machine: `['127.0.0.0/8', '::1']`. */
  readonly exempt?: readonly string[] | undefined;
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

/** The options with every default filled in. */
export interface ResolvedServerOptions {
  readonly listen: readonly ListenAddress[];
  readonly classic: readonly ListenAddress[];
  readonly model: ConcurrencyModel;
  readonly paths: RcmdPaths;
  readonly drainMs: number;
  readonly guard: GuardSettings;
  readonly callbacks: Callbacks;
  /** @param identity - of the server. */
  readonly settings: (identity: Identity) => ServerSettings;
}

const groups = {
  options: [
    'listen',
    'classic',
    'model',
    'authorize',
    'policy',
    'acceptEnv',
    'paths',
    'limits',
    'admission',
    'audit',
    'drainMs',
    'onEvent',
  ],
  'options.classic': ['insecure', 'listen'],
  'options.paths': ['config', 'state', 'runtime'],
  'options.admission': ['authenticationMs', 'maxHalfOpen', 'penaltyMinMs', 'penaltyMaxMs', 'exempt'],
  'options.audit': ['folder', 'isDurable', 'mustBeWritten'],
} as const;

/** @throws TypeError for an unknown key, and for a value that cannot be. */
export function resolveServerOptions(given: RcmdServerOptions): ResolvedServerOptions {
  refuseUnknown('options', given);
  refuseUnknown('options.classic', given.classic);
  refuseUnknown('options.paths', given.paths);
  refuseUnknown('options.admission', given.admission);
  refuseUnknown('options.audit', given.audit);
  const { model = 'concurrent', drainMs = 15_000, authorize, policy, onEvent = () => {} } = given;
  const acceptEnv = [...(given.acceptEnv ?? [])];
  if (!acceptEnv.every((name) => isAcceptable(name))) {
    throw wrong('options.acceptEnv', 'names of variables, none of RCMD_', acceptEnv);
  }
  if (!['concurrent', 'threading', 'forking'].includes(model)) {
    throw wrong('options.model', "'concurrent', 'threading' or 'forking'", model);
  }
  const texts = given.listen === undefined ? ['127.0.0.1:8888'] : [given.listen].flat();
  const { classic } = given;
  if (classic !== undefined && (classic.insecure as unknown) !== true) {
    throw wrong('options.classic.insecure', 'true, since it is', classic.insecure);
  }
  if (texts.length === 0 && classic === undefined)
    throw wrong('options.listen', 'an address or several', given.listen);
  const paths = { ...rcmdPaths(), ...withoutUndefined(given.paths) };
  const limits = resolveCommandLimits(given.limits);
  const { folder = join(paths.state, 'audit'), isDurable = false, mustBeWritten = true } = given.audit ?? {};
  const listen = texts.flatMap((text) => parseListenAddresses(text));
  const classicListen = [classic?.listen ?? []].flat().flatMap((text) => parseListenAddresses(text));
  refuseRepeated(listen.concat(classicListen));
  return {
    listen,
    classic: classicListen,
    model,
    paths,
    drainMs: aNumber('options.drainMs', drainMs),
    guard: resolveAdmission(given.admission),
    callbacks: { authorize, policy, onEvent },
    settings: (identity) => ({
      paths,
      identity,
      limits,
      audit: { folder, isDurable, mustBeWritten },
      acceptEnv,
      asks: { authorize: authorize !== undefined, policy: policy !== undefined },
      pid: process.pid,
      startedAt: Date.now(),
    }),
  };
}

/** Makes the folders that a server needs, for its user only. */
export function makeServerFolders({ config, state, runtime }: RcmdPaths): void {
  for (const folder of [config, state, runtime]) makePrivateFolder(folder);
}

function resolveAdmission({
  authenticationMs = 10_000,
  maxHalfOpen = 128,
  penaltyMinMs = 15_000,
  penaltyMaxMs = 600_000,
  exempt = ['127.0.0.0/8', '::1'],
}: AdmissionOptions = {}): GuardSettings {
  blockListOf(exempt);
  return {
    authenticationMs: aNumber('options.admission.authenticationMs', authenticationMs),
    maxHalfOpen: aNumber('options.admission.maxHalfOpen', maxHalfOpen, 1),
    penalties: {
      minMs: aNumber('options.admission.penaltyMinMs', penaltyMinMs),
      maxMs: aNumber('options.admission.penaltyMaxMs', penaltyMaxMs),
      exempt: [...exempt],
    },
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

/** A socket has one owner. */
function refuseRepeated(addresses: readonly ListenAddress[]): void {
  const taken = new Set<number>();
  for (const address of addresses) {
    if (address.kind !== 'inherited') continue;
    const { fd, name } = address;
    if (taken.has(fd)) {
      throw new TypeError(
        `Cannot createServer: options.listen and options.classic.listen must name each socket of systemd once, got '${name}' (descriptor ${fd}) twice`,
      );
    }
    taken.add(fd);
  }
}

function aNumber(path: string, value: number, min = 0): number {
  if (typeof value === 'number' && value >= min) return value;
  throw wrong(path, `a number from ${min} on`, value);
}

function wrong(path: string, must: string, value: unknown): TypeError {
  return new TypeError(`Cannot createServer: ${path} must be ${must}, got ${JSON.stringify(value)}`);
}

function withoutUndefined<Value extends object>(value: Value | undefined): Partial<Value> {
  const entries = Object.entries(value ?? {}).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Partial<Value>;
}
