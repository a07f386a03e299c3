import { readPrivateFile } from '../paths/private-file.ts';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import type { KeepAliveOptions } from '../link/keep-alive.ts';
import { RcmdError } from '../errors.ts';
import { type Identity, loadIdentity, parseIdentity } from '../trust/identity.ts';
import { KnownHosts, knownHostsFile } from '../trust/known-hosts.ts';
import { type HostKeyPolicy, isHostKeyPolicy } from './host-key.ts';
import { aSignal, checkOptions, type OptionRules, someMilliseconds, someText } from './option-rules.ts';

/** Options of `connect()`. */
export interface ConnectOptions {
  /** Which servers are trusted. Default `'strict'`: those of `known_hosts`, and this user's own. */
  readonly hostKeys?: HostKeyPolicy | undefined;
  /** Who this client is: a PEM file with a key and a certificate, or what it holds. Default: the user's own identity, made where there is none. */
  readonly identity?: string | Identity | undefined;
  /** The folder of `identity.pem` and `known_hosts`. Default `$XDG_CONFIG_HOME/rcmd`. */
  readonly configFolder?: string | undefined;
  /** Milliseconds until the server must have answered. Default 15,000. */
  readonly connectTimeout?: number | undefined;
  /** Gives up to connect: the promise rejects with the signal's reason. Later it means nothing. */
  readonly signal?: AbortSignal | undefined;
  /** How a server is noticed that is gone without a word. Default: after 45 seconds of silence. */
  readonly keepAlive?: KeepAliveOptions | undefined;
}

const rules: OptionRules<ConnectOptions> = {
  hostKeys: {
    must: "'strict', 'accept-new', a function, or a fingerprint: SHA256: and 43 characters",
    accepts: isHostKeyPolicy,
  },
  identity: {
    must: 'the path of a PEM file, or an identity',
    accepts: (value) =>
      (typeof value === 'string' && value !== '') ||
      (typeof value === 'object' && value !== null && 'cert' in value && 'key' in value),
  },
  configFolder: someText,
  connectTimeout: someMilliseconds,
  signal: aSignal,
  keepAlive: { must: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
};

/** What a connection is made with. */
export interface ConnectSettings {
  readonly hostKeys: HostKeyPolicy;
  readonly identity: () => Promise<Identity>;
  readonly knownHosts: KnownHosts;
  readonly connectTimeout: number;
  readonly signal: AbortSignal | undefined;
  readonly keepAlive: KeepAliveOptions | undefined;
}

/** @throws TypeError for an unknown key or a wrong value. */
export function resolveConnectOptions(given: ConnectOptions): ConnectSettings {
  const { hostKeys, identity, configFolder, connectTimeout, signal, keepAlive } = checkOptions(
    given,
    rules,
    'Cannot connect',
  );
  const folder = configFolder ?? rcmdPaths().config;
  return {
    hostKeys: hostKeys ?? 'strict',
    identity: async () => (typeof identity === 'object' ? identity : readIdentity(identity, folder)),
    knownHosts: new KnownHosts(knownHostsFile(folder)),
    connectTimeout: connectTimeout ?? 15_000,
    signal,
    keepAlive,
  };
}

async function readIdentity(path: string | undefined, folder: string): Promise<Identity> {
  if (path === undefined) return loadIdentity(folder);
  const pem = readPrivateFile(path);
  if (pem === undefined) throw new RcmdError('BAD_IDENTITY', `${path} is not there: no identity to show`);
  return parseIdentity(pem, path);
}
