import type { SocketAddress } from '../address/socket-address.ts';
import { tlsFailedChannel, type TLSFailedEvent } from '../diagnostics/tls-events.ts';
import { secureConnection } from '../engine/tls/secure-connection.ts';
import type { Connection, Listener } from '../engine/contract.ts';
import { RequestQueue } from '../engine/request-queue.ts';
import type { TLSContexts } from '../tls/tls-contexts.ts';

/** Options of a {@link TLSListener}. */
export interface TLSListenerOptions {
  /** Gives what the next handshake is to use. */
  readonly contexts: () => TLSContexts;
  readonly handshakeMs: number;
  /** Clients that may be in a handshake, or be done with it and wait to be accepted. */
  readonly maxHandshakes: number;
}

/**
 * A listener that gives only connections whose TLS handshake is done, in the order in which they got there: a
 * client that stalls holds nobody up.
 *
 * It takes clients from the listener under it while somebody waits for a request, and then as many as may shake
 * hands at once; the others stay where they are. Failed handshakes are published, and end nothing but themselves.
 */
export class TLSListener implements Listener {
  readonly #plain: Listener;
  readonly #options: TLSListenerOptions;
  readonly #secured = new RequestQueue<Connection>();
  readonly #closed = new AbortController();
  #handshakes = 0;
  #isAwaited = false;

  constructor(plain: Listener, options: TLSListenerOptions) {
    this.#plain = plain;
    this.#options = options;
  }

  get address(): SocketAddress {
    return this.#plain.address;
  }

  get fd(): number {
    return this.#plain.fd;
  }

  get isReady(): boolean {
    return this.#secured.isReady;
  }

  listen(backlog: number): void {
    this.#plain.listen(backlog);
  }

  accept(): Connection | undefined {
    return this.#secured.take();
  }

  notify(wake: (() => void) | undefined): void {
    this.#isAwaited = wake !== undefined;
    this.#secured.notify(wake && (() => this.#wake(wake)));
    this.#takeClients();
  }

  async close(): Promise<void> {
    this.#isAwaited = false;
    this.#closed.abort(new Error('The listener was closed during the handshake'));
    for (const connection of this.#secured.clear()) connection.reset();
    await this.#plain.close();
  }

  #wake(wake: () => void): void {
    this.#isAwaited = false;
    this.#plain.notify(undefined);
    wake();
  }

  /** Begins as many handshakes as there are clients and room, and comes back when there are more of both. */
  #takeClients(): void {
    while (this.#hasRoom && this.#plain.isReady) {
      try {
        const connection = this.#plain.accept();
        if (connection !== undefined) void this.#secure(connection);
      } catch (error) {
        this.#secured.fail(error as Error);
        return;
      }
    }
    this.#plain.notify(this.#hasRoom ? () => this.#takeClients() : undefined);
  }

  get #hasRoom(): boolean {
    return this.#isAwaited && this.#handshakes + this.#secured.length < this.#options.maxHandshakes;
  }

  async #secure(connection: Connection): Promise<void> {
    const { contexts, handshakeMs } = this.#options;
    const { signal } = this.#closed;
    this.#handshakes += 1;
    try {
      const secured = await secureConnection(connection, contexts(), { handshakeMs, signal });
      if (signal.aborted) secured.reset();
      else this.#secured.push(secured);
    } catch (error) {
      if (!signal.aborted) this.#publish(connection.remoteAddress, error as Error);
    } finally {
      this.#handshakes -= 1;
      this.#takeClients();
    }
  }

  #publish(clientAddress: SocketAddress, error: Error): void {
    if (!tlsFailedChannel.hasSubscribers) return;
    const event: TLSFailedEvent = { serverAddress: this.address, clientAddress, error };
    tlsFailedChannel.publish(event);
  }
}
