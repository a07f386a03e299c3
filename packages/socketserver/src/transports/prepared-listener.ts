import type { SocketAddress } from '../address/socket-address.ts';
import type { Connection, Listener } from '../engine/contract/connection.ts';
import { RequestQueue } from '../engine/request-queue.ts';

/** What a {@link PreparedListener} does with each client. */
export interface Preparation {
  /**
   * Does what comes before a request: reads a header, shakes hands. The connection is its own from then on: it ends it
   * where that fails. What it gives is unread again.
   *
   * @param signal - aborts when the listener is closed; the promise is to reject with its reason then.
   */
  prepare(connection: Connection, signal: AbortSignal): Promise<Connection> | Connection;
  /** Clients that may be in preparation, or be done with it and wait to be accepted. */
  readonly maxClients: number;
  /** Learns of a client whose preparation has failed. */
  failed(connection: Connection, error: Error): void;
}

/**
 * A listener that gives only connections which are prepared, in the order in which they got there: a client that stalls
 * holds nobody up.
 *
 * It takes clients from the listener under it while somebody waits for a request, and then as many as may be prepared at
 * once; the others stay where they are. A failed preparation ends nothing but its own connection.
 */
export class PreparedListener implements Listener {
  readonly #under: Listener;
  readonly #preparation: Preparation;
  readonly #prepared = new RequestQueue<Connection>();
  readonly #closed = new AbortController();
  readonly #inPreparation = new Set<Connection>();
  #isAwaited = false;

  constructor(under: Listener, preparation: Preparation) {
    this.#under = under;
    this.#preparation = preparation;
  }

  get address(): SocketAddress {
    return this.#under.address;
  }

  get fd(): number {
    return this.#under.fd;
  }

  /** Clients that were taken and not given yet. */
  get held(): number {
    return this.#inPreparation.size + this.#prepared.length;
  }

  /** Looks at those that {@link held} counts. */
  *clients(): Iterable<Connection> {
    yield* this.#inPreparation;
    yield* this.#prepared;
  }

  get isReady(): boolean {
    return this.#prepared.isReady;
  }

  listen(backlog: number): void {
    this.#under.listen(backlog);
  }

  accept(): Connection | undefined {
    return this.#prepared.take();
  }

  notify(wake: (() => void) | undefined): void {
    this.#isAwaited = wake !== undefined;
    this.#prepared.notify(wake && (() => this.#wake(wake)));
    this.#takeClients();
  }

  async close(): Promise<void> {
    this.#isAwaited = false;
    this.#closed.abort(new Error('The listener was closed while the connection was being prepared'));
    for (const connection of this.#prepared.clear()) connection.reset();
    await this.#under.close();
  }

  #wake(wake: () => void): void {
    this.#isAwaited = false;
    this.#under.notify(undefined);
    wake();
  }

  /** Begins with as many as there are clients and room, and comes back when there are more of both. */
  #takeClients(): void {
    while (this.#hasRoom && this.#under.isReady) {
      try {
        const connection = this.#under.accept();
        if (connection !== undefined) void this.#prepare(connection);
      } catch (error) {
        this.#prepared.fail(error as Error);
        return;
      }
    }
    this.#under.notify(this.#hasRoom ? () => this.#takeClients() : undefined);
  }

  get #hasRoom(): boolean {
    return this.#isAwaited && this.held < this.#preparation.maxClients;
  }

  async #prepare(connection: Connection): Promise<void> {
    const { signal } = this.#closed;
    this.#inPreparation.add(connection);
    try {
      const prepared = await this.#preparation.prepare(connection, signal);
      this.#inPreparation.delete(connection);
      if (signal.aborted) prepared.reset();
      else this.#prepared.push(prepared);
    } catch (error) {
      this.#inPreparation.delete(connection);
      if (!signal.aborted) this.#preparation.failed(connection, error as Error);
    }
    this.#takeClients();
  }
}
