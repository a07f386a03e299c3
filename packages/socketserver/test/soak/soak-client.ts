import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A client on `node:net`, which knows nothing of this library. */
export class SoakClient {
  readonly #socket: net.Socket;
  readonly #chunks: AsyncIterator<Buffer>;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('error', () => {}); // a reader is told of it
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  static async connect(port: number, localAddress: string): Promise<SoakClient> {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
    const client = new SoakClient(socket);
    await once(socket, 'connect');
    return client;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Sends a byte at a time. */
  async drip(text: string): Promise<void> {
    for (const character of text) {
      this.#socket.write(character);
      await delay(1);
    }
  }

  endSending(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Reads one chunk; nothing at the end. @throws what ended the connection. */
  async read(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next();
    return done === true ? Buffer.alloc(0) : value;
  }

  /** Reads to the end, with pauses between the chunks where that is asked for. */
  async readToEnd(pauseMs = 0): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (let chunk; (chunk = await this.read()).length > 0;) {
      chunks.push(chunk);
      if (pauseMs > 0) await delay(pauseMs);
    }
    return Buffer.concat(chunks);
  }

  /** Reads a line with its newline; what there is at the end. Answers come a line at a time here. */
  async readLine(): Promise<string> {
    let line = '';
    for (let chunk; !line.endsWith('\n') && (chunk = await this.read()).length > 0;) line += chunk.toString();
    return line;
  }

  /** Frees the descriptor. Idempotent. */
  destroy(): void {
    this.#socket.destroy();
  }
}
