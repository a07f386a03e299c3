import type { SocketAddress } from '../address/socket-address.ts';
import { BaseServer } from '../server/base-server.ts';
import { RawClient } from './clients/raw-client.ts';
import type { ConnectClientOptions } from './clients/raw-stream.ts';
import type { MemoryEngine } from './memory-engine/memory-engine.ts';
import { type WaitOptions, within } from './wait.ts';

/** A server of any kind. TypeScript matches method parameters of subclasses only against `any`. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyServer = BaseServer<any, any, any>;

/** What `handleError` was told about one request. */
export interface RequestFailure {
  readonly clientAddress: SocketAddress;
  readonly error: Error & { readonly code?: unknown };
}

/** What a {@link RunningServer} needs besides its server. */
export interface RunningServerOptions {
  /** The memory engine, where the server is on it. */
  readonly engine: MemoryEngine | undefined;
  /** Called once, when the server has stopped. */
  readonly stopped: () => void;
}

/**
 * A server that serves for the length of a test. What its requests throw is written down instead of printed; a
 * `handleError` of the server's own class is called as well.
 */
export class RunningServer<Server extends AnyServer> implements AsyncDisposable {
  readonly server: Server;
  readonly #options: RunningServerOptions;
  readonly #loop: Promise<void>;
  readonly #errors: RequestFailure[] = [];
  #shown = 0;
  #look: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  /** Made by {@link startServer}. */
  constructor(server: Server, options: RunningServerOptions) {
    this.server = server;
    this.#options = options;
    this.#collectErrors();
    this.#loop = server.serveForever();
    this.#loop.catch(() => {}); // stop() tells
  }

  /** Where the server listens, with the real port. */
  get address(): Server['serverAddress'] {
    return this.server.serverAddress as Server['serverAddress'];
  }

  /** What `handleError` was told so far, the oldest first; peers that went away included. */
  get errors(): readonly RequestFailure[] {
    return this.#errors;
  }

  /** Waits for the next of {@link errors}: the first call gives the first one, and so on. */
  async nextError(options?: WaitOptions): Promise<RequestFailure> {
    const index = this.#shown;
    this.#shown += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#look;
    this.#look = () => {
      before?.();
      if (this.#errors.length > index) resolve();
    };
    this.#look();
    await within(promise, () => `error number ${index + 1} of the server's requests`, options);
    return this.#errors[index]!;
  }

  /** Connects a {@link RawClient} to a stream server. */
  connect(options?: ConnectClientOptions): Promise<RawClient> {
    return RawClient.connect(this.address, { engine: this.#options.engine, ...options });
  }

  /**
   * Takes no further request, drains and closes; waits for all of that. Idempotent.
   *
   * @throws what ended `serveForever()`, and {@link WaitTimeoutError} when a request does not end.
   */
  stop(options?: WaitOptions): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(options: WaitOptions | undefined): Promise<void> {
    const { server } = this;
    const waits = { waitMs: longestDrainMs, ...options };
    try {
      await server.shutdown();
      const closed = Promise.all([server.serverClose(), this.#loop]);
      await within(closed, () => `the server to close (${server.activeRequests} requests run)`, waits);
    } finally {
      this.#options.stopped();
    }
  }

  #collectErrors(): void {
    const server: AnyServer = this.server;
    const isDefault = server.handleError === BaseServer.prototype.handleError;
    const own = server.handleError.bind(server);
    server.handleError = (request, clientAddress: SocketAddress, error) => {
      this.#errors.push({ clientAddress, error: error as RequestFailure['error'] });
      this.#look?.();
      return isDefault ? undefined : own(request, clientAddress, error);
    };
  }
}

/** More than a drain takes that is left at its default, 15 seconds and what follows. */
const longestDrainMs = 20_000;
