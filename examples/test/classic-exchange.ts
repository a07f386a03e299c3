import { connect, type StreamSocket } from 'socketserver';
import { RunningProgram } from './running-program.ts';

/** How the example's server is started. */
export interface ServerStart {
  readonly env?: NodeJS.ProcessEnv;
  /** What follows `--server`; without it the example's own default. */
  readonly model?: string;
}

/** Starts the example's server on a free port. */
export async function startServer({ env = {}, model }: ServerStart = {}): Promise<{
  server: RunningProgram;
  port: number;
}> {
  const args = model === undefined ? [0] : ['--server', model, 0];
  const server = RunningProgram.example('remote-command-server.ts', args, env);
  const [, port] = await server.stdout.waitFor(/remote command server on 127\.0\.0\.1:(\d+)\n/);
  await server.stdout.waitFor(/waiting for client \.\.\. \n/);
  return { server, port: Number(port) };
}

/** Starts the Python server on a free port. */
export async function startPythonServer(): Promise<{ server: RunningProgram; port: number }> {
  const server = RunningProgram.peer('classic_server.py');
  const [, port] = await server.stdout.waitFor(/listening on (\d+)\n/);
  return { server, port: Number(port) };
}

/** A bare connection, to speak the exchange by hand. */
export function connectTo(port: number): Promise<StreamSocket> {
  return connect(['127.0.0.1', port]);
}

/** Runs a command by hand. */
export async function runByHand(socket: StreamSocket, command: string): Promise<Buffer> {
  await socket.sendall(command);
  const size = Number((await socket.recv(1_024)).toString());
  await socket.sendall('receive ok');
  return socket.readExactly(size);
}

/** What the client prints for an output: its size, and its text with the last line ended. */
export function printed(bytes: Buffer): string {
  const text = bytes.toString();
  return `${bytes.length}\n${text}${text.endsWith('\n') ? '' : '\n'}`;
}
