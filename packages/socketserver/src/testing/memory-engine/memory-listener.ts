import type { SocketAddress } from '../../address/socket-address.ts';
import type { Connection, Listener } from '../../engine/contract.ts';
import { RequestQueue } from '../../engine/request-queue.ts';

/** A listening socket in memory. */
export class MemoryListener implements Listener {
  readonly address: SocketAddress;
  readonly fd = -1;
  readonly #waiting = new RequestQueue<Connection>();
  readonly #onClosed: () => void;
  #backlog = 0;

  constructor(address: SocketAddress, onClosed: () => void) {
    this.address = address;
    this.#onClosed = onClosed;
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  listen(backlog: number): void {
    this.#backlog = backlog;
  }

  /** Puts a client into the queue; `false` when nobody listens or the queue is full. */
  offer(connection: Connection): boolean {
    if (this.#waiting.length >= this.#backlog) return false;
    this.#waiting.push(connection);
    return true;
  }

  accept(): Connection | undefined {
    return this.#waiting.take();
  }

  notify(wake: (() => void) | undefined): void {
    this.#waiting.notify(wake);
  }

  close(): Promise<void> {
    this.#backlog = 0;
    for (const connection of this.#waiting.clear()) connection.reset();
    this.#onClosed();
    return Promise.resolve();
  }
}
