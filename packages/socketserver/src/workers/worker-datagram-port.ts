import type { SocketAddress } from '../address/socket-address.ts';
import type { Datagram, DatagramPort } from '../engine/contract/datagram-port.ts';
import { UnsupportedError } from '../errors/unsupported-error.ts';
import type { FromWorker } from './messages/from-worker.ts';
import type { DatagramSent } from './messages/to-worker.ts';
import { RemoteSender } from './remote-sender.ts';

/**
 * What the handlers of a worker send through, from the server's address: the worker's own socket while there is one,
 * else the server's. It receives nothing: who hands out datagrams is above it.
 */
export class WorkerDatagramPort implements DatagramPort {
  readonly address: SocketAddress;
  readonly isReady = false;
  readonly dropped = 0;
  readonly #remote: RemoteSender;
  readonly #sentByOwn: (bytes: number) => void;
  /** The worker's own socket, while it is open. */
  own: DatagramPort | undefined;

  /** @param sentByOwn - learns of the bytes that left by the own socket. */
  constructor(
    address: SocketAddress,
    post: (message: FromWorker) => void,
    sentByOwn: (bytes: number) => void,
  ) {
    this.address = address;
    this.#remote = new RemoteSender(post);
    this.#sentByOwn = sentByOwn;
  }

  get fd(): number {
    return this.own?.fd ?? -1;
  }

  send(bytes: Uint8Array, address: SocketAddress, from?: SocketAddress): Promise<void> | undefined {
    if (this.own === undefined) return this.#remote.send(bytes, address, from);
    const sending = this.own.send(bytes, address, from);
    this.#sentByOwn(bytes.length);
    return sending;
  }

  /** The server has sent it, or could not. */
  settled(message: DatagramSent): void {
    this.#remote.settled(message);
  }

  receive(): Datagram | undefined {
    return undefined;
  }

  notify(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  leavePort(): void {
    refuse('leavePort');
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
    `Cannot ${action}: the socket belongs to the server, not to this handler; use the server's options`,
  );
}
