import { lookup } from 'node:dns/promises';
import { connect, type StreamSocket } from 'socketserver/client';
import { ConnectionLostError } from '../link/connection-lost-error.ts';
import type { LineOutcome, OutputSink, PromptCommand, PromptRemote } from './prompt-remote.ts';

/** Bytes that hold the size of any output, in one read, as every server of the exchange sends it. */
const sizeBytes = 1_024;
const pieceBytes = 65_536;

/**
 * The client's side of the classic exchange: a command line; its output's size in bytes, as decimal text; `receive ok`; the output. It
 * knows neither errors nor exit codes, and no way to end a command but to leave.
 */
export class ClassicRemote implements PromptRemote {
  readonly greeting: readonly string[];
  /** One line is one command in this exchange. */
  readonly takesLines = false;
  readonly lost: Promise<Error>;
  readonly #socket: StreamSocket;

  private constructor(socket: StreamSocket, name: string) {
    this.#socket = socket;
    this.greeting = [
      `Connected to ${name} in the classic way: unauthenticated, and readable on the way.`,
      'Type a command; Ctrl-C and Ctrl-D leave.',
    ];
    this.lost = socket.waitForEnd().then(
      () => new ConnectionLostError('the server closed it'),
      (error: unknown) => new ConnectionLostError(String(error), { cause: error }),
    );
  }

  /** Connects. @throws the system's errors. */
  static async open(host: string, port: number, signal?: AbortSignal): Promise<ClassicRemote> {
    const { address } = await lookup(host);
    const socket = await connect([address, port], signal === undefined ? {} : { signal });
    return new ClassicRemote(socket, `${host}:${port}`);
  }

  run(line: string, sink: OutputSink): PromptCommand {
    return { outcome: this.#exchange(line, sink), interrupt: () => this.#socket.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.lost;
  }

  async #exchange(line: string, sink: OutputSink): Promise<LineOutcome> {
    await this.#lostInstead(this.#socket.sendall(line));
    const size = (await this.#receive(sizeBytes)).toString();
    if (!/^\d+$/.test(size)) {
      this.#socket.close();
      throw new ConnectionLostError(`the server answered ${JSON.stringify(size)}, which is no size`);
    }
    await this.#lostInstead(this.#socket.sendall('receive ok'));
    for (let missing = Number(size); missing > 0;) {
      const bytes = await this.#receive(Math.min(missing, pieceBytes));
      missing -= bytes.length;
      await sink('stdout', bytes);
    }
    return { exitCode: undefined };
  }

  async #receive(max: number): Promise<Buffer> {
    const bytes = await this.#lostInstead(this.#socket.recv(max));
    if (bytes.length === 0) throw new ConnectionLostError('the server closed it');
    return bytes;
  }

  async #lostInstead<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      throw new ConnectionLostError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
}
