import { rmSync } from 'node:fs';
import {
  type InetAddressInput,
  isUnixInput,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../../address/parse-address.ts';
import { formatAddress, type InetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { chooseEngine, type EngineChoice } from '../../engine/choose-engine.ts';
import type { DatagramPort } from '../../engine/contract/datagram-port.ts';
import { type WaitOptions, within } from '../wait.ts';

/** Bytes that may wait in the kernel for a client that is slow to look. */
const receiveBufferBytes = 4_194_304;

/** Options of {@link DatagramClient}. */
export interface DatagramClientOptions extends WaitOptions {
  /** Where the client is: a numeric host and a port, or a path. Default `['127.0.0.1', 0]`, a free port. */
  readonly address?: InetAddressInput | UnixAddressInput | undefined;
  /** What moves the datagrams. Default `'node'`, for paths `'native'`; the memory engine where the server is on it. */
  readonly engine?: EngineChoice | undefined;
}

/** A datagram that a {@link DatagramClient} received. */
export interface ReceivedDatagram<Address extends SocketAddress = InetAddress> {
  readonly data: Buffer;
  readonly sender: Address;
}

/**
 * A client for tests that sends and receives datagrams: over UDP, Unix sockets, or in memory. Those that nobody has
 * received wait in order. Each wait is bounded and fails with what it waited for.
 *
 * @typeParam Address - `InetAddress` (the default) or `string`, a path.
 *
 * @example
 * await using client = new DatagramClient();
 * assert.equal(await client.ask('hello', server.serverAddress), 'HELLO');
 */
export class DatagramClient<Address extends SocketAddress = InetAddress> implements AsyncDisposable {
  readonly #port: DatagramPort;
  readonly #waits: WaitOptions;
  #isClosed = false;

  /** Binds, at once. @throws the operating system's error; UnsupportedError for a path without the native engine. */
  constructor({ address = ['127.0.0.1', 0], engine, waitMs, signal }: DatagramClientOptions = {}) {
    const isPath = isUnixInput(address);
    const bound = isPath ? parseUnixAddress(address) : parseInetAddress(address, undefined);
    this.#port = chooseEngine(engine ?? (isPath ? 'native' : 'node')).bindDatagram(bound, {
      reuseAddress: false,
      reusePort: false,
      ipv6Only: !isPath && bound[0].includes(':'),
      maxPacketSize: 65_536,
      maxPending: Infinity,
      whenFull: 'drop-newest',
      receiveBufferBytes: isPath ? undefined : receiveBufferBytes,
    });
    this.#waits = { waitMs, signal };
  }

  /** The client's own address, with the real port. */
  get address(): Address {
    return this.#port.address as Address;
  }

  /** The bound socket, for what this class has no method for (multicast, broadcast). */
  get port(): DatagramPort {
    return this.#port;
  }

  /** Sends one datagram. Resolves when the kernel has it, which on the loopback means that it arrived. */
  async send(data: Uint8Array | string, address: Address, options?: WaitOptions): Promise<void> {
    const sending = Promise.resolve(this.#port.send(Buffer.from(data), address));
    await within(sending, () => `the kernel to take a datagram for ${formatAddress(address)}`, {
      ...this.#waits,
      ...options,
    });
  }

  /** Takes the datagram that has waited longest, or waits for one. */
  async receive(options?: WaitOptions): Promise<ReceivedDatagram<Address>> {
    for (;;) {
      const datagram = this.#port.receive();
      if (datagram !== undefined) {
        return { data: datagram.bytes, sender: datagram.remoteAddress as Address };
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#port.notify(resolve);
      const what = (): string => `a datagram at ${formatAddress(this.#port.address)}`;
      await within(promise, what, { ...this.#waits, ...options });
    }
  }

  /** Sends, and waits for the next datagram as text. */
  async ask(data: Uint8Array | string, address: Address, options?: WaitOptions): Promise<string> {
    await this.send(data, address, options);
    return (await this.receive(options)).data.toString();
  }

  /** Frees the socket, and removes its file. Idempotent. */
  async close(): Promise<void> {
    await this.#port.close();
    const { address } = this;
    if (this.#isClosed || typeof address !== 'string' || address.startsWith('\0')) return;
    this.#isClosed = true;
    rmSync(address, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
