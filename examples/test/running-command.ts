import type { StreamSocket } from 'socketserver';
import { connectTo, type ServerStart, startServer } from './classic-exchange.ts';
import type { RunningProgram } from './running-program.ts';
import { WatchedPipe } from './watched-pipe.ts';

/** A command with processes of many kinds below it, for a shell. */
export const tree = 'sleep 1000 & (sleep 1000; echo late) | cat & sleep 1000';

/** The example's server with one client whose command runs, and holds a pipe meanwhile. */
export class RunningCommand implements AsyncDisposable {
  readonly server: RunningProgram;
  readonly port: number;
  readonly socket: StreamSocket;
  readonly pipe: WatchedPipe;

  private constructor(server: RunningProgram, port: number, socket: StreamSocket, pipe: WatchedPipe) {
    this.server = server;
    this.port = port;
    this.socket = socket;
    this.pipe = pipe;
  }

  /** Starts the server, connects, and waits until `command` runs. */
  static async start(command: string, how: ServerStart = {}): Promise<RunningCommand> {
    const { server, port } = await startServer(how);
    const running = new RunningCommand(server, port, await connectTo(port), await WatchedPipe.create());
    await running.socket.sendall(running.pipe.hold(command));
    await running.pipe.running();
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.server[Symbol.asyncDispose]();
    await this.pipe[Symbol.asyncDispose]();
  }
}
