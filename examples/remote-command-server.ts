/**
 * The server of the classic remote command exercise: it runs each line that a client sends.
 *
 * IT TRUSTS EVERYONE WHO CAN REACH ITS PORT. There is no password and no encryption, and on 127.0.0.1 that still
 * means every user of this machine and every web page that is open in a browser on it. Run it to learn, not to
 * serve. The safe one, authenticated and encrypted, is `rcmd`.
 *
 * One round of the exchange, in bytes:
 *
 *     client   echo hi              one command line, UTF-8; one recv() of the server
 *     server   3                    the length of the output in bytes, as decimal text
 *     client   receive ok           any acknowledgement
 *     server   hi\n                 the output; `noResults` where a command prints nothing
 *
 *     node examples/remote-command-server.ts [--server serial|concurrent|threading|forking] [host] [port]
 *
 * `--server` chooses the server's class and nothing else; the exchange and the handler stay. What differs:
 *
 *     serial        handlers run here, one client after the other: the second one waits until the first one has left
 *     concurrent    here, all clients side by side: a handler that waits for its command holds nobody up
 *     threading     the default, as in the original exercise: in a pool of threads, where a handler that computes
 *                   would hold up only its own. Ours only wait, so one thread serves many clients
 *     forking       in child processes, one client each, 40 at most; the next one waits. A process that crashes takes
 *                   one client with it. A command's parent is that process, and when the server is killed with
 *                   SIGKILL its children notice and end the commands, which nobody else can do then
 */
import { BaseRequestHandler, formatAddress, ThreadingTCPServer } from 'socketserver';
import type { InetAddress, StreamSocket } from 'socketserver';
import { onStopSignal, runProgram } from './program/run-program.ts';
import { type AnyTCPServer, serverArguments } from './program/server-arguments.ts';
import { ShellCommand } from './remote-command/shell-command.ts';

const noResults = 'command exec success, but do not have results';

export class RemoteCommandHandler extends BaseRequestHandler<StreamSocket<InetAddress>, InetAddress> {
  static override readonly module = import.meta.url;

  /** When the server stops, each client is taken to have left. */
  override setup(): void {
    this.request.signal.addEventListener('abort', () => this.request.shutdown('read'));
    this.request.setKeepAlive();
  }

  override async handle(): Promise<void> {
    const [ip] = this.clientAddress;
    try {
      while (await this.#serveCommand());
      this.log(`client ${ip} is closed!`);
    } catch (error) {
      if (!this.request.signal.aborted) throw error;
      this.log(`client ${ip} is disconnected!`);
    }
  }

  /** Prints one line of the server's log. */
  protected log(line: string): void {
    console.log(line);
  }

  /** Serves one round. @returns `false` when the client has closed. */
  async #serveCommand(): Promise<boolean> {
    const { request } = this;
    const line = await request.recv(65_536);
    if (line.length === 0) return false;

    await using command = await ShellCommand.start(line.toString());
    const ack = request.recv(1_024);
    this.#killWhenClientLeaves(command, ack);
    const output = await command.collectOutput();
    if (command.state === 'killed') return (await ack, false);

    await request.sendall(String(output.length || noResults.length));
    const bytes = await ack;
    if (bytes.length === 0) return false;
    this.log(`ack from ${this.clientAddress[0]}: ${bytes.toString()}`);

    if (output.length === 0) await request.sendall(noResults);
    for await (const piece of output) await request.sendall(piece);
    return true;
  }

  /**
   * The read that waits for the acknowledgement also learns of a client that leaves while its command runs. One
   * that has typed ahead has sent its acknowledgement too early, and may leave later.
   */
  #killWhenClientLeaves(command: ShellCommand, ack: Promise<Buffer>): void {
    const kill = () => command.kill();
    const left = ack.then((bytes) =>
      bytes.length > 0 && command.state === 'running' ? this.request.waitForEnd() : undefined,
    );
    left.then(kill, kill);
  }
}

/** What {@link createServer} makes a server of. */
export interface ServerParts {
  readonly Server?: AnyTCPServer;
  readonly Handler?: typeof RemoteCommandHandler;
}

/** Binds the server. @throws the system's error, such as `EADDRINUSE`. */
export function createServer(
  address: InetAddress,
  { Server = ThreadingTCPServer, Handler = RemoteCommandHandler }: ServerParts = {},
): InstanceType<AnyTCPServer> {
  return new Server(address, Handler, { timeouts: { drainMs: 1_000 } });
}

async function main(): Promise<void> {
  const { Server, address } = serverArguments();
  await using server = createServer(address, { Server });
  onStopSignal(() => void server.serverClose());
  console.log(`remote command server on ${formatAddress(server.serverAddress)}`);
  console.log('waiting for client ... ');
  await server.serveForever();
}

if (import.meta.main) await runProgram('node examples/remote-command-server.ts', main);
