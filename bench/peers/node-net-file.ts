/** Raw `node:net` sending a file the way it is usually written: a read stream, piped into the socket. */
import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { announce, readServerCommand } from './command-line.ts';

const command = readServerCommand({});
const fileBytes = 64 * 1024 * 1024;
const file = join(mkdtempSync(join(tmpdir(), 'socketserver-bench-')), 'file');
writeFileSync(file, Buffer.alloc(fileBytes, 'x'));

async function send(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= fileBytes) {
    const part = createReadStream(file, { end: Math.min(left, fileBytes) - 1 });
    await pipeline(part, socket, { end: left <= fileBytes });
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (order) => {
    send(socket, Number(order.toString())).catch(() => socket.destroy());
  });
});
server.listen({ host: '127.0.0.1', port: command.port, backlog: 1024 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') announce(address.port);
});
