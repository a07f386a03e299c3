// Echoes until stdin ends; prints its port, and answers each line on stdin with its CPU time in milliseconds.
import { createInterface } from 'node:readline';
import { BaseRequestHandler, ConcurrentTCPServer } from '../../../src/index.ts';

class Echo extends BaseRequestHandler {
  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

const server = new ConcurrentTCPServer(['127.0.0.1', 0], Echo, { timeouts: { drainMs: 0 } });
console.log(server.serverAddress[1]);
const loop = server.serveForever();
for await (const _ of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage();
  console.log(Math.round((user + system) / 1000));
}
await server.serverClose();
await loop;
