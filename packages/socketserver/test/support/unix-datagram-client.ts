import { rmSync } from 'node:fs';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { Datagram, DatagramPort } from '../../src/engine/contract/datagram-port.ts';

/** A client on a Unix datagram socket with a path of its own, by the native engine. */
export class UnixDatagramClient implements AsyncDisposable {
  readonly #path: string;
  readonly #port: DatagramPort;

  constructor(path: string) {
    this.#path = path;
    this.#port = chooseEngine('native').bindDatagram(path, {
      reuseAddress: false,
      reusePort: false,
      ipv6Only: false,
      maxPacketSize: 65_536,
      maxPending: Infinity,
      whenFull: 'drop-newest',
    });
  }

  async send(data: string, path: string): Promise<void> {
    await this.#port.send(Buffer.from(data), path);
  }

  async next(): Promise<Datagram> {
    for (;;) {
      const datagram = this.#port.receive();
      if (datagram !== undefined) return datagram;
      await new Promise<void>((resolve) => this.#port.notify(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port.close();
    rmSync(this.#path);
  }
}
