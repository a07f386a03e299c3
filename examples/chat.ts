/**
 * A chat: what one member writes, all others read.
 *
 *     node examples/chat.ts [host] [port]
 *     nc 127.0.0.1 8888
 *
 * All handlers run in this thread, so they share what the server holds without a lock: between two `await`s nobody else
 * runs. Nobody waits for a member that does not read: each has an outbox with room for so many lines, misses those that
 * come when it is full, and is told how many when it reads again.
 */
import { ConcurrentTCPServer, formatAddress, type InetAddress, StreamRequestHandler } from 'socketserver';
import { Outbox } from './chat/outbox.ts';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

const maxOutboxLines = 256;

export class ChatServer extends ConcurrentTCPServer {
  readonly #outboxes = new Map<string, Outbox>();

  /** @returns what the new member is to be sent; `undefined` for a name that is empty or taken. */
  join(name: string): Outbox | undefined {
    if (name === '' || this.#outboxes.has(name)) return undefined;
    const outbox = new Outbox(maxOutboxLines);
    outbox.post(`* here are: ${[...this.#outboxes.keys(), name].join(', ')}\n`);
    this.tell(`* ${name} has joined\n`, name);
    this.#outboxes.set(name, outbox);
    return outbox;
  }

  leave(name: string): void {
    this.#outboxes.delete(name);
    this.tell(`* ${name} has left\n`, name);
  }

  /** Puts a line into the outbox of everyone but its author. */
  tell(line: string, author: string): void {
    for (const [name, outbox] of this.#outboxes) if (name !== author) outbox.post(line);
  }
}

export class ChatHandler extends StreamRequestHandler<InetAddress, ChatServer> {
  static override readonly module = import.meta.url;
  /** Bytes that a line may have. */
  static override readonly rbufsize = 1_024;

  override async handle(): Promise<void> {
    await this.wfile.write('* who are you?\n');
    const name = plainText(await this.rfile.readline());
    const outbox = this.server.join(name);
    if (outbox === undefined) return void (await this.wfile.write(`* '${name}' is no name, or taken\n`));
    try {
      await Promise.race([this.#listen(name), this.#send(outbox)]);
    } finally {
      this.server.leave(name);
    }
  }

  async #listen(name: string): Promise<void> {
    for await (const line of this.rfile) this.server.tell(`${name}: ${plainText(line)}\n`, name);
  }

  async #send(outbox: Outbox): Promise<never> {
    for (;;) await this.wfile.write(await outbox.take());
  }
}

/** Without control characters, which could write all over the terminals of the others. */
function plainText(line: Buffer): string {
  return line
    .toString()
    .replaceAll(/\p{Cc}/gu, '')
    .trim();
}

if (import.meta.main) {
  await runProgram('node examples/chat.ts', async () => {
    await using server = new ChatServer(addressArguments(), ChatHandler);
    console.log(`chat server on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}
