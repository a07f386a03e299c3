import { createSocket, type RemoteInfo, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import type { InetAddress } from '../../src/index.ts';

/** Longer than an answer takes that comes at all, and less than the runner's limit. */
const patienceMs = 120_000;

/** A UDP client that pulls: `next()` is the oldest datagram that nobody has taken yet. */
export class DatagramClient implements AsyncDisposable {
  readonly socket;
  readonly #arrived: (readonly [data: Buffer, sender: InetAddress])[] = [];
  readonly #waiting: ((arrival: readonly [data: Buffer, sender: InetAddress]) => void)[] = [];

  constructor({ type = 'udp4', host = '127.0.0.1' }: { type?: SocketType; host?: string } = {}) {
    this.socket = createSocket({ type, ipv6Only: type === 'udp6' });
    this.socket.bindSync({ address: host, port: 0 });
    this.socket.setRecvBufferSize(4 << 20);
    this.socket.on('message', (data, { address, port }: RemoteInfo) => {
      const arrival = [data, [address, port]] as const;
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#arrived.push(arrival);
      else taker(arrival);
    });
  }

  get address(): InetAddress {
    const { address, port } = this.socket.address();
    return [address, port];
  }

  /** Resolves when the kernel has the datagram, which on the loopback means that it arrived. */
  send(data: Uint8Array | string, [host, port]: InetAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(data, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  next(): Promise<readonly [data: Buffer, sender: InetAddress]> {
    const arrival = this.#arrived.shift();
    if (arrival !== undefined) return Promise.resolve(arrival);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Sends, and waits for the next datagram as text. @throws when it waits in vain: a datagram was lost. */
  async ask(data: Uint8Array | string, address: InetAddress): Promise<string> {
    await this.send(data, address);
    const { promise: inVain, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`No answer to ${String(data)} has come`)), patienceMs);
    const [answer] = await Promise.race([this.next(), inVain]).finally(() => clearTimeout(timer));
    return answer.toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}
