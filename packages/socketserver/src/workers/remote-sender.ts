import type { SocketAddress } from '../address/socket-address.ts';
import { reviveError } from './error-transfer.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { DatagramSent } from './messages/to-worker.ts';

interface Sending {
  resolve(): void;
  reject(error: unknown): void;
}

/** Has the server's socket send datagrams of a worker. */
export class RemoteSender {
  readonly #post: (message: FromWorker) => void;
  readonly #sending = new Map<number, Sending>();
  #nextId = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /** Rejects with what the server's `send()` threw. */
  send(bytes: Uint8Array, address: SocketAddress, from: SocketAddress | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#nextId += 1;
      this.#sending.set(this.#nextId, { resolve, reject });
      // A view is sent with everything that lies around it. [structured clone]
      this.#post({ type: 'send', id: this.#nextId, bytes: Uint8Array.from(bytes), address, from });
    });
  }

  /** The server has sent it, or could not. */
  settled({ id, error }: DatagramSent): void {
    const sending = this.#sending.get(id);
    this.#sending.delete(id);
    if (error === undefined) sending?.resolve();
    else sending?.reject(reviveError(error));
  }
}
