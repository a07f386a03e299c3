import { formatAddress, type SocketAddress } from '../../address/socket-address.ts';
import type { Connection, Listener } from '../../engine/contract/connection.ts';
import { RequestQueue } from '../../engine/request-queue.ts';
import type { Accepting, MemoryNetwork } from './memory-network.ts';

/** A listening socket in memory. */
export class MemoryListener implements Listener, Accepting {
  readonly address: SocketAddress;
  readonly fd = -1;
  readonly #waiting = new RequestQueue<Connection>();
  readonly #network: MemoryNetwork;
  #backlog = 0;

  constructor(address: SocketAddress, network: MemoryNetwork) {
    this.address = address;
    this.#network = network;
    network.listeners.set(formatAddress(address), this);
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  listen(backlog: number): void {
    this.#backlog = backlog;
  }

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
    this.#network.listeners.delete(formatAddress(this.address));
    return Promise.resolve();
  }
}
