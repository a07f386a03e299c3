/**
 * Sends back what each client sends, to many clients at once.
 *
 *     node examples/echo.ts [host] [port]
 *     nc 127.0.0.1 8888
 */
import { BaseRequestHandler, ConcurrentTCPServer, formatAddress } from 'socketserver';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

export class EchoHandler extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

if (import.meta.main) {
  await runProgram('node examples/echo.ts', async () => {
    await using server = new ConcurrentTCPServer(addressArguments(), EchoHandler);
    console.log(`echo server on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}
