/**
 * Both sides of the classic remote command exercise: its server and the client's prompt to it, in one
 * process and one terminal. The server's log would run into the prompt, so it is off here. There is one client, so the
 * concurrent model does it, and the prompt need not wait for a thread to start.
 *
 *     node examples/remote-command.ts [host] [port]
 *     printf 'echo hi\nuname\n' | node examples/remote-command.ts
 */
import { ConcurrentTCPServer, formatAddress } from 'socketserver';
import { runClient } from './remote-command-client.ts';
import { createServer, RemoteCommandHandler } from './remote-command-server.ts';
import { addressArguments } from './program/address-arguments.ts';
import { onStopSignal, runProgram } from './program/run-program.ts';

export class QuietHandler extends RemoteCommandHandler {
  static override readonly module = import.meta.url;

  protected override log(): void {}
}

async function main(): Promise<void> {
  const stop = new AbortController();
  onStopSignal(() => stop.abort());
  await using server = createServer(addressArguments(), {
    Server: ConcurrentTCPServer,
    Handler: QuietHandler,
  });
  const serving = server.serveForever();
  const where = formatAddress(server.serverAddress);
  console.error(`Server started on ${where}, client connected. Type a command; Ctrl-D leaves.`);
  await runClient(server.serverAddress, stop.signal);
  await server.shutdown();
  await serving;
}

if (import.meta.main) await runProgram('node examples/remote-command.ts', main);
