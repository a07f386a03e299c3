import { join } from 'node:path';
import { RcmdError } from '../errors.ts';
import { reapAbandoned } from '../process/reaper.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { AuthorizedKeys, authorizedKeysFile } from '../trust/authorized-keys.ts';
import { loadIdentity } from '../trust/identity.ts';
import { OwnLedger } from './ledger.ts';
import { formatListenAddress, isLoopback, type ListenAddress } from './listen-address.ts';
import { listen, type Listener } from './listeners.ts';
import { type RcmdServerOptions, makeServerFolders, resolveServerOptions } from './server-options.ts';
import { ServerService } from './server-service.ts';

/** Options of {@link RcmdServer.serve}. */
export interface ServeOptions {
  /** Signals that end the call in good order, such as `['SIGTERM', 'SIGINT']`; a second one ends what still runs at once. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

interface ServerParts {
  readonly service: ServerService;
  readonly listeners: readonly Listener[];
  readonly fingerprint: string;
}

/**
 * A server that runs commands for authenticated clients.
 *
 * *You call* `serve`, `close`, `status`; it is made by {@link createServer}.
 */
export class RcmdServer implements AsyncDisposable {
  /** Of the server's key: what clients remember in `known_hosts`. */
  readonly fingerprint: string;
  /** Where it listens, with the real ports. */
  readonly addresses: readonly string[];
  readonly #service: ServerService;
  readonly #listeners: readonly Listener[];
  #closing: Promise<void> | undefined;

  /** Made by {@link createServer}. */
  constructor({ service, listeners, fingerprint }: ServerParts) {
    this.#service = service;
    this.#listeners = listeners;
    this.fingerprint = fingerprint;
    this.addresses = listeners.map(({ serverAddress }) => formatListenAddress(serverAddress));
  }

  /**
   * Serves until {@link close}, or a signal, and closes. Clients that came before it wait.
   *
   * @returns the signal that ended it, if one did.
   * @throws what a listener failed with.
   */
  async serve({ signals = [] }: ServeOptions = {}): Promise<NodeJS.Signals | undefined> {
    for (const address of this.addresses) this.#service.publish({ type: 'listening', address });
    try {
      const ends = await Promise.all(this.#listeners.map((one) => one.serveForever({ signals })));
      return ends.find((signal) => signal !== undefined);
    } finally {
      await this.close();
    }
  }

  /** What the server says about itself. */
  status(): Promise<ServerStatus> {
    return this.#service.status('');
  }

  /**
   * Takes no further client, ends the commands (their signal, their grace, SIGKILL), tells the clients, and resolves when
   * nothing is left. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#listeners.map((one) => one.serverClose()));
    await this.#service.close();
  }
}

/**
 * Makes a server: reads its key (and makes one the first time), ends what an earlier server that was killed left behind,
 * and listens. Clients wait until `serve()`.
 *
 * Clients with the user's own key, and with those in `authorized_keys`, may come in over TLS; on a Unix socket the
 * server's user.
 *
 * @throws TypeError for wrong options; RcmdError `NO_AUTHORIZED_KEYS`, `UNSAFE_PATH`, `BAD_IDENTITY`; the system's errors
 *   (`EADDRINUSE`, `EACCES`).
 *
 * @example
 * await using server = await createServer({ listen: 'unix:/run/user/1000/rcmd/demo.sock' });
 * await server.serve({ signals: ['SIGTERM', 'SIGINT'] });
 */
export async function createServer(options: RcmdServerOptions = {}): Promise<RcmdServer> {
  const { listen: addresses, settings, paths, drainMs, onEvent } = resolveServerOptions(options);
  makeServerFolders(paths);
  requireKeys(addresses, authorizedKeysFile(paths.config));
  const identity = await loadIdentity(paths.config);
  reapAbandoned(join(paths.runtime, 'commands'));
  const resolved = settings(identity);
  const ledger = new OwnLedger(resolved.limits);
  const service = await ServerService.start(resolved, { ledger, publish: onEvent });
  const listeners: Listener[] = [];
  try {
    const { authenticationMs } = resolved;
    for (const address of addresses) {
      listeners.push(listen(address, { identity, workerData: service, authenticationMs, drainMs }));
    }
  } catch (error) {
    await Promise.all(listeners.map((one) => one.serverClose()));
    await service.close();
    throw error;
  }
  return new RcmdServer({ service, listeners, fingerprint: identity.fingerprint });
}

/** @throws RcmdError `NO_AUTHORIZED_KEYS` where others could connect, and nobody may. */
function requireKeys(addresses: readonly ListenAddress[], file: string): void {
  const open = addresses.find((address) => address.kind === 'tcp' && !isLoopback(address.host));
  if (open === undefined || new AuthorizedKeys(file).read().keys.length > 0) return;
  throw new RcmdError(
    'NO_AUTHORIZED_KEYS',
    `Cannot listen beyond this machine (${(open as { host: string }).host}): ${file} must name a client's key` +
      ' first; `rcmd authorize KEY` adds one',
  );
}
