import { formatAddress, type SocketAddress } from '../../address/socket-address.ts';
import type { Datagram, DatagramBindOptions, DatagramPort } from '../../engine/contract/datagram-port.ts';
import { DatagramQueue } from '../../engine/datagram-queue.ts';
import { errnoOf, osError } from '../../engine/os-error.ts';
import type { MemoryNetwork, Receiving } from './memory-network.ts';

/** The most that UDP over IPv4 carries. [RFC 768, RFC 791] */
const maxDatagramBytes = 65_507;

/** A datagram socket in memory: nothing is lost on the way, and what arrives waits as in a kernel. */
export class MemoryDatagramPort implements DatagramPort, Receiving {
  readonly address: SocketAddress;
  readonly fd = -1;
  readonly #network: MemoryNetwork;
  readonly #waiting: DatagramQueue;

  constructor(address: SocketAddress, options: DatagramBindOptions, network: MemoryNetwork) {
    this.address = address;
    this.#waiting = new DatagramQueue(options);
    this.#network = network;
    network.ports.set(formatAddress(address), this);
  }

  get isReady(): boolean {
    return this.#waiting.isReady;
  }

  get dropped(): number {
    return this.#waiting.dropped;
  }

  notify(wake: (() => void) | undefined): void {
    this.#waiting.notify(wake);
  }

  receive(): Datagram | undefined {
    return this.#waiting.take();
  }

  /** Sends a copy; to an address that nobody has bound it goes lost, to a path it fails, as in a kernel. */
  send(bytes: Uint8Array, address: SocketAddress): undefined {
    const key = formatAddress(address);
    if (bytes.length > maxDatagramBytes) throw osError(errnoOf('EMSGSIZE'), 'send', address);
    const isBound = this.#network.ports.has(key);
    if (!isBound && typeof address === 'string') throw osError(errnoOf('ENOENT'), 'send', address);
    const copy = Buffer.from(bytes);
    this.#network.later(() => this.#network.ports.get(key)?.arrived(copy, this.address));
    return undefined;
  }

  leavePort(): void {
    const { ports } = this.#network;
    const key = formatAddress(this.address);
    if (ports.get(key) === this) ports.delete(key); // else another has it since
  }

  close(): Promise<void> {
    this.#waiting.clear();
    this.leavePort();
    return Promise.resolve();
  }

  setBroadcast(): void {}
  addMembership(): void {}
  dropMembership(): void {}
  setMulticastTTL(): void {}
  setMulticastLoopback(): void {}
  setMulticastInterface(): void {}

  /** A datagram comes in. */
  arrived(bytes: Buffer, remoteAddress: SocketAddress): void {
    this.#waiting.arrived(bytes, remoteAddress);
  }
}
