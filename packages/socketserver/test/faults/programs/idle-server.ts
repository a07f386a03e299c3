// Echoes: run it with `raw` for node:net, or with an engine. Prints its port, and answers each line on stdin with its
// CPU time so far in microseconds and the number of its connections.
import net from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { BaseRequestHandler, ConcurrentTCPServer } from '../../../src/index.ts';

class Echo extends BaseRequestHandler {
  override async handle() {
    for await (const bytes of this.request) await this.request.sendall(bytes);
  }
}

const { port, connections } = await serve(process.argv[2]!);
console.log(port);
for await (const _ of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage();
  console.log(`${user + system} ${connections()}`);
}
process.exit();

async function serve(kind: string): Promise<{ port: number; connections: () => number }> {
  if (kind !== 'raw') {
    const engine = kind as 'node' | 'native';
    const server = new ConcurrentTCPServer(['127.0.0.1', 0], Echo, { engine });
    void server.serveForever();
    return { port: server.serverAddress[1], connections: () => server.stats().active };
  }
  let count = 0;
  const server = net.createServer((socket) => {
    count += 1;
    socket.on('data', (bytes) => socket.write(bytes));
  });
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve),
  );
  return { port: (server.address() as net.AddressInfo).port, connections: () => count };
}
