import { connect, type EngineChoice, type InetAddress, type StreamSocket } from '../../src/index.ts';

/** A client that talks in lines. */
export class LineClient implements AsyncDisposable {
  readonly socket: StreamSocket;

  private constructor(socket: StreamSocket) {
    this.socket = socket;
  }

  static async to(
    server: { readonly serverAddress: InetAddress },
    engine: EngineChoice,
  ): Promise<LineClient> {
    return new LineClient(await connect(server.serverAddress, { engine }));
  }

  async tell(line: string): Promise<void> {
    await this.socket.sendall(`${line}\n`);
  }

  /** The next line, without its newline; empty at the end of the stream or after a reset. */
  async next(): Promise<string> {
    const line = await this.socket.readline().catch(() => '');
    return line.toString().trimEnd();
  }

  async ask(line: string): Promise<string> {
    await this.tell(line);
    return this.next();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.socket[Symbol.asyncDispose]();
  }
}
