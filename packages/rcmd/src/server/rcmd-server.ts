import type { ServerStatus } from '../protocol/status.ts';
import type { OwnCore } from './core/own-core.ts';
import { formatListenAddress } from './listen-address.ts';
import type { Listener } from './listeners.ts';
import { onSecondSignal } from './second-signal.ts';
import type { ServerSettings } from './server-settings.ts';
import { software } from '../protocol/software.ts';

/** Options of {@link RcmdServer.serve}. */
export interface ServeOptions {
  /**
   * Signals that end the call in good order, such as `['SIGTERM', 'SIGINT']`; a second one waits for nobody: connections that are
   * left are reset, and commands killed, whatever their grace. They are taken for as long as the call lasts.
   */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

/** What an {@link RcmdServer} is made of. */
export interface ServerParts {
  readonly core: OwnCore;
  readonly listeners: readonly Listener[];
  /** How many of them, the first ones, are for authenticated clients. */
  readonly secure: number;
  readonly settings: ServerSettings;
  readonly fingerprint: string;
  /** Kills what runs, as far as it is this thread's own: workers do, as they end. */
  readonly kill: () => void;
  /** The listeners, and all that is under them. */
  readonly resources: AsyncDisposableStack;
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
  /** Of these, where it serves the classic exchange, to anyone. */
  readonly classicAddresses: readonly string[];
  readonly #core: OwnCore;
  readonly #listeners: readonly Listener[];
  readonly #settings: ServerSettings;
  readonly #resources: AsyncDisposableStack;
  readonly #kill: () => void;
  #closing: Promise<void> | undefined;

  /** Made by {@link createServer}. */
  constructor({ core, listeners, secure, settings, fingerprint, kill, resources }: ServerParts) {
    this.#core = core;
    this.#listeners = listeners;
    this.#settings = settings;
    this.#resources = resources;
    this.#kill = kill;
    this.fingerprint = fingerprint;
    this.addresses = listeners.map(({ serverAddress }) => formatListenAddress(serverAddress));
    this.classicAddresses = this.addresses.slice(secure);
  }

  /** Clients that were turned away so far before they were anybody. */
  get refusedClients(): number {
    return this.#core.refusedClients;
  }

  /**
   * Serves until {@link close}, or a signal, and closes. Clients that came before it wait.
   *
   * @returns the signal that ended it, if one did.
   * @throws what a listener failed with.
   */
  async serve({ signals = [] }: ServeOptions = {}): Promise<NodeJS.Signals | undefined> {
    for (const address of this.addresses) {
      const isInsecure = this.classicAddresses.includes(address);
      this.#core.publish({ type: 'listening', address, isInsecure });
    }
    // Until the end: that of the listeners does not wait for what clients that are gone, and commands that have ended, have left.
    using _ = onSecondSignal(signals, this.#kill);
    try {
      const ends = await Promise.all(this.#listeners.map((one) => one.serveForever({ signals })));
      return ends.find((signal) => signal !== undefined);
    } finally {
      await this.close();
    }
  }

  /** What the server says about itself. */
  async status(): Promise<ServerStatus> {
    const { connections, commands } = await this.#core.state();
    const { pid, startedAt } = this.#settings;
    return { software, pid, uptimeMs: Date.now() - startedAt, connections, you: '', commands };
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
    await Promise.all(this.#listeners.map((one) => one.serverClose())); // side by side; then what is under them
    await this.#resources.disposeAsync();
  }
}
