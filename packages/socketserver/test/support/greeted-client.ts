import { once } from 'node:events';
import net from 'node:net';
import type { SocketAddress } from '../../src/index.ts';

/** A client of a server that greets first: it can tell whether somebody serves it yet. */
export class GreetedClient implements Disposable {
  readonly socket: net.Socket;
  /** What came, up to now. */
  text = '';
  readonly #events: (() => void)[] = [];
  /** Why it is over, if it is: the code of an error, or `end`. */
  over: string | undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
      this.#changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.over ??= error.code ?? error.message;
    });
    socket.on('end', () => {
      this.over ??= 'end';
    });
    socket.on('close', () => this.#changed());
  }

  /** Connects; a server that resets at once may do so before this resolves. @param from - the address to come from. */
  static async to(
    address: SocketAddress,
    { from, header }: { readonly from?: string; readonly header?: Uint8Array } = {},
  ): Promise<GreetedClient> {
    const socket =
      typeof address === 'string'
        ? net.connect(address)
        : net.connect({
            host: address[0],
            port: address[1],
            ...(from === undefined ? {} : { localAddress: from }),
          });
    const client = new GreetedClient(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
    if (header !== undefined) socket.write(header);
    return client;
  }

  /** Waits for a greeting. */
  async greeted(): Promise<void> {
    while (this.text === '') {
      if (this.socket.destroyed) throw new Error(`not greeted, but over: ${this.over}`);
      await this.#event();
    }
  }

  /** Waits for the end. @returns why. */
  async ended(): Promise<string | undefined> {
    while (!this.socket.destroyed) await this.#event();
    return this.over;
  }

  /** Ends it and waits until that is done. */
  async leave(): Promise<void> {
    this.socket.end();
    this.socket.resume();
    if (!this.socket.destroyed) await once(this.socket, 'close').catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #event(): Promise<void> {
    return new Promise((resolve) => this.#events.push(resolve));
  }

  #changed(): void {
    for (const resolve of this.#events.splice(0)) resolve();
  }
}
