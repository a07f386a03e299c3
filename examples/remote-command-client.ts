/**
 * The client of the classic remote command exercise: sends the lines that are typed or piped into it to a server
 * that runs them, and prints what they print. The exchange is drawn at the head of `remote-command-server.ts`.
 *
 *     node examples/remote-command-client.ts [host] [port]
 *     printf 'echo hi\nuname\n' | node examples/remote-command-client.ts
 */
import { lookup } from 'node:dns/promises';
import { StringDecoder } from 'node:string_decoder';
import { connect, formatAddress, type InetAddress, type StreamSocket } from 'socketserver';
import { addressArguments } from './program/address-arguments.ts';
import { LinePrompt } from './remote-command/line-prompt.ts';
import { ExpectedFailure, runProgram } from './program/run-program.ts';

const connectMs = 10_000;

/** The client's side of the exchange, over one connection. One command runs at a time. */
export class CommandSession implements AsyncDisposable {
  readonly #socket: StreamSocket;
  readonly #server: string;

  private constructor(socket: StreamSocket, server: string) {
    this.#socket = socket;
    this.#server = server;
  }

  /** Connects. @throws ExpectedFailure when the server cannot be reached. */
  static async open([host, port]: InetAddress): Promise<CommandSession> {
    const server = formatAddress([host, port]);
    try {
      const { address } = await lookup(host);
      const socket = await connect([address, port], { signal: AbortSignal.timeout(connectMs) });
      return new CommandSession(socket, server);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ExpectedFailure(`cannot reach a server at ${server}: ${reason}`);
    }
  }

  /**
   * Runs a command. Yields what to print: the size on a line of its own, then the output as text, as it arrives.
   *
   * @throws ExpectedFailure when the server goes away or answers with no size.
   */
  async *run(command: string): AsyncGenerator<string, void, void> {
    await this.#socket.sendall(command).catch((error: unknown) => this.lost(error));
    const size = (await this.#receive(1_024)).toString();
    if (!/^\d+$/.test(size)) {
      throw new ExpectedFailure(`the server at ${this.#server} answered ${JSON.stringify(size)}, not a size`);
    }
    yield `${size}\n`;
    await this.#socket.sendall('receive ok').catch((error: unknown) => this.lost(error));

    const decoder = new StringDecoder('utf8'); // a character may be split over two pieces
    let lastCharacter = '\n';
    for (let missing = Number(size); missing > 0;) {
      const bytes = await this.#receive(Math.min(missing, 65_536));
      missing -= bytes.length;
      const text = decoder.write(bytes) + (missing === 0 ? decoder.end() : '');
      lastCharacter = text.at(-1) ?? lastCharacter;
      yield text;
    }
    if (lastCharacter !== '\n') yield '\n';
  }

  /** Resolves when the server has ended the connection, or this side has closed it. */
  waitForEnd(): Promise<void> {
    return this.#socket.waitForEnd();
  }

  /** Leaves; a command that runs fails. */
  close(): void {
    this.#socket.close();
  }

  /** Says that the server is gone. @throws ExpectedFailure always. */
  lost(cause?: unknown): never {
    const reason = cause instanceof Error ? cause.message : 'it closed the connection';
    throw new ExpectedFailure(`lost the server at ${this.#server}: ${reason}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#socket[Symbol.asyncDispose]();
  }

  async #receive(max: number): Promise<Buffer> {
    const bytes = await this.#socket.recv(max).catch((error: unknown) => this.lost(error));
    return bytes.length > 0 ? bytes : this.lost();
  }
}

/** Runs each line at the prompt until the input ends, the server goes away, or `signal` aborts. */
export async function runClient(address: InetAddress, signal?: AbortSignal): Promise<void> {
  await using session = await CommandSession.open(address);
  using prompt = new LinePrompt();
  prompt.left.addEventListener('abort', () => session.close());
  signal?.addEventListener('abort', () => prompt.leave());
  let isLost = false;
  const closeWhenLost = async () => {
    await session.waitForEnd();
    isLost = true;
    prompt.close();
  };
  if (prompt.isTyped) void closeWhenLost();
  try {
    for await (const line of prompt) {
      for await (const text of session.run(line)) await prompt.print(text);
    }
    if (isLost) session.lost();
  } catch (error) {
    if (!prompt.left.aborted) throw error;
  }
}

if (import.meta.main) {
  await runProgram('node examples/remote-command-client.ts', () =>
    runClient(addressArguments({ takesNames: true })),
  );
}
