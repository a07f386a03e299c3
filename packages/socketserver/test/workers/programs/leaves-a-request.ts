// A program that closes its server while a request runs, does not wait for it, and has nothing else to do: whether it ends
// is up to `daemonThreads`, which is its argument.
import process from 'node:process';
import { StreamRequestHandler, ThreadingTCPServer } from '../../../src/index.ts';

export class ShoutAndShutDown extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) {
      if (line.toString() === 'shut down\n') void this.server.shutdown();
      await this.wfile.write(line.toString().toUpperCase());
    }
  }
}

if (import.meta.main) {
  const server = new ThreadingTCPServer(['127.0.0.1', 0], ShoutAndShutDown, {
    daemonThreads: process.argv[2] === 'true',
    blockOnClose: false,
    timeouts: { drainMs: Infinity },
  });
  console.log(server.serverAddress[1]);
  await server.serveForever();
  await server.serverClose();
  console.log('closed');
}
