// Echoes: run it with `raw` for node:net, or with an engine. Prints its port, and answers each line on stdin with its
// CPU time so far in microseconds, and its resident memory in bytes.
import net from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { BaseRequestHandler, ConcurrentTCPServer } from '../../../src/index.ts';

class Echo extends BaseRequestHandler {
  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

const port = await serve(process.argv[2]!);
console.log(port);
for await (const _ of createInterface({ input: process.stdin })) {
  globalThis.gc!();
  const { user, system } = process.cpuUsage();
  console.log(`${user + system} ${process.memoryUsage.rss()}`);
}
process.exit();

async function serve(kind: string): Promise<number> {
  if (kind !== 'raw') {
    const engine = kind as 'node' | 'native';
    const server = new ConcurrentTCPServer(['127.0.0.1', 0], Echo, { engine });
    void server.serveForever();
    return server.serverAddress[1];
  }
  const server = net.createServer((socket) => socket.on('data', (bytes) => socket.write(bytes)));
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
  );
  return (server.address() as net.AddressInfo).port;
}
