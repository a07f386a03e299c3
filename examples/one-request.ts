/**
 * Serves one client and ends, or gives up when none comes: `handleRequest()` instead of `serveForever()`.
 *
 *     node examples/one-request.ts [host] [port] [seconds]
 */
import { formatAddress, StreamRequestHandler, TCPServer } from 'socketserver';

export class GreetingHandler extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const name = (await this.rfile.readline()).toString().trim();
    await this.wfile.write(`hello, ${name}\n`);
  }
}

export class PatientServer extends TCPServer {
  static override readonly timeout = 10;

  override handleTimeout(): void {
    console.log(`nobody came within ${this.timeout} s`);
  }
}

if (import.meta.main) {
  const [host = '127.0.0.1', port = '8888', seconds = String(PatientServer.timeout)] = process.argv.slice(2);
  await using server = new PatientServer([host, Number(port)], GreetingHandler, { timeout: Number(seconds) });
  console.log(`waiting for one client on ${formatAddress(server.serverAddress)}`);
  await server.handleRequest();
}
