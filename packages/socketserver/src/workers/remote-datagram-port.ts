import type { SocketAddress } from '../address/socket-address.ts';
import type { Datagram, DatagramPort } from '../engine/contract.ts';
import { UnsupportedError } from '../errors.ts';
import { reviveError } from './error-transfer.ts';
import type { DatagramSent, FromWorker } from './messages.ts';

interface Sending {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A worker's view of the server's datagram socket: what it sends leaves from the server's own address. It receives
 * nothing, since the server hands the datagrams out.
 */
export class RemoteDatagramPort implements DatagramPort {
  readonly address: SocketAddress;
  readonly fd = -1;
  readonly isReady = false;
  readonly dropped = 0;
  readonly #post: (message: FromWorker) => void;
  readonly #sending = new Map<number, Sending>();
  #nextId = 0;

  constructor(address: SocketAddress, post: (message: FromWorker) => void) {
    this.address = address;
    this.#post = post;
  }

  send(bytes: Uint8Array, address: SocketAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#nextId += 1;
      this.#sending.set(this.#nextId, { resolve, reject });
      // A view is sent with everything that lies around it. [structured clone]
      this.#post({ type: 'send', id: this.#nextId, bytes: Uint8Array.from(bytes), address });
    });
  }

  /** The server has sent it, or could not. */
  settled({ id, error }: DatagramSent): void {
    const sending = this.#sending.get(id);
    this.#sending.delete(id);
    if (error === undefined) sending?.resolve();
    else sending?.reject(reviveError(error));
  }

  receive(): Datagram | undefined {
    return undefined;
  }

  notify(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  setBroadcast(): void {
    refuse('setBroadcast');
  }

  addMembership(): void {
    refuse('addMembership');
  }

  dropMembership(): void {
    refuse('dropMembership');
  }

  setMulticastTTL(): void {
    refuse('setMulticastTTL');
  }

  setMulticastLoopback(): void {
    refuse('setMulticastLoopback');
  }

  setMulticastInterface(): void {
    refuse('setMulticastInterface');
  }
}

function refuse(action: string): never {
  throw new UnsupportedError(
    `Cannot ${action}: the socket belongs to the server, not to this worker; use the server's options`,
  );
}
