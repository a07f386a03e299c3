// A whole program in one file: its handler, and the server behind the guard. Run it with the name of a server class.
import process from 'node:process';
import { connect, ForkingTCPServer, StreamRequestHandler, ThreadingTCPServer } from '../../../src/index.ts';

export class Shout extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    for await (const line of this.rfile) await this.wfile.write(line.toString().toUpperCase());
  }
}

if (import.meta.main) {
  const Server = process.argv[2] === 'ForkingTCPServer' ? ForkingTCPServer : ThreadingTCPServer;
  await using server = new Server(['127.0.0.1', 0], Shout);
  const loop = server.serveForever();
  await using client = await connect(server.serverAddress);
  await client.sendall('from the same file\n');
  console.log((await client.readline()).toString().trim());
  await server.shutdown();
  await loop;
}
