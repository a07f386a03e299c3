// As unguarded.ts, but the server starts a moment after the import.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { BaseRequestHandler, ForkingTCPServer, ThreadingTCPServer } from '../../../../src/index.ts';

export class UnguardedLater extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

async function main(): Promise<void> {
  await delay(10);
  const Server = process.argv[2] === 'ForkingTCPServer' ? ForkingTCPServer : ThreadingTCPServer;
  await using server = new Server(['127.0.0.1', 0], UnguardedLater);
  await server.serveForever();
}

void main();
