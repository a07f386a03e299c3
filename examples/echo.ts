/**
 * Sends back what each client sends, to many clients at once.
 *
 *     node examples/echo.ts [host] [port]
 */
import { BaseRequestHandler, ConcurrentTCPServer, formatAddress } from 'socketserver';

export class EchoHandler extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

if (import.meta.main) {
  const [host = '127.0.0.1', port = '8888'] = process.argv.slice(2);
  await using server = new ConcurrentTCPServer([host, Number(port)], EchoHandler);
  console.log(`echo server on ${formatAddress(server.serverAddress)}`);
  await server.serveForever();
}
