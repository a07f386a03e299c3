/**
 * Serves one client and ends, or gives up when none comes: `handleRequest()` instead of `serveForever()`.
 *
 *     node examples/one-request.ts [host] [port] [seconds]
 *     echo Ada | nc -N 127.0.0.1 8888
 */
import { formatAddress, StreamRequestHandler, TCPServer } from 'socketserver';
import { addressArguments } from './program/address-arguments.ts';
import { ExpectedFailure, runProgram } from './program/run-program.ts';

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
  await runProgram('node examples/one-request.ts', async () => {
    const [argument = String(PatientServer.timeout)] = process.argv.slice(4);
    const timeout = Number(argument);
    if (!(timeout > 0)) throw new ExpectedFailure(`'${argument}' is no number of seconds above 0`);
    await using server = new PatientServer(addressArguments(), GreetingHandler, { timeout });
    console.log(`waiting for one client on ${formatAddress(server.serverAddress)}`);
    await server.handleRequest();
  });
}
