// A program that starts its server whenever it is imported: run it with the name of a server class.
import process from 'node:process';
import { BaseRequestHandler, ForkingTCPServer, ThreadingTCPServer } from '../../../../src/index.ts';

export class Unguarded extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

const Server = process.argv[2] === 'ForkingTCPServer' ? ForkingTCPServer : ThreadingTCPServer;
await using server = new Server(['127.0.0.1', 0], Unguarded);
await server.serveForever();
