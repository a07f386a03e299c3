/** Raw `node:net` with `for await`: what an async handler costs on a plain stream. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { burnFiveMilliseconds } from './burn.ts';
import { readServerCommand } from './command-line.ts';
import { listen } from './node-listener.ts';

const command = readServerCommand();

/** What has come, one chunk at a time. */
function chunksOf(socket: Socket): AsyncIterable<Buffer> {
  return socket;
}

async function echo(socket: Socket): Promise<void> {
  for await (const chunk of chunksOf(socket)) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

async function lines(socket: Socket): Promise<void> {
  let rest = '';
  socket.setEncoding('latin1');
  for await (const chunk of socket) {
    const pieces = (rest + String(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const line of pieces) {
      if (!socket.write(`${line}\n`, 'latin1')) await once(socket, 'drain');
    }
  }
  socket.end();
}

async function frames(socket: Socket): Promise<void> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of chunksOf(socket)) {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    while (bytes.length >= 4) {
      const end = 4 + bytes.readUInt32BE(0);
      if (bytes.length < end) break;
      if (!socket.write(bytes.subarray(0, end))) await once(socket, 'drain');
      bytes = bytes.subarray(end);
    }
  }
  socket.end();
}

async function source(socket: Socket): Promise<void> {
  const piece = Buffer.alloc(64 * 1024, 'x');
  for await (const order of chunksOf(socket)) {
    for (let left = Number(order.toString()); left > 0; left -= piece.length) {
      if (!socket.write(piece.subarray(0, left))) await once(socket, 'drain');
    }
    socket.end();
  }
}

async function sink(socket: Socket): Promise<void> {
  let received = 0;
  for await (const chunk of chunksOf(socket)) received += chunk.length;
  socket.end(String(received));
}

async function burn(socket: Socket): Promise<void> {
  for await (const chunk of chunksOf(socket)) {
    burnFiveMilliseconds();
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

const serve = { echo, lines, frames, source, sink, burn }[command.workload];
if (serve === undefined) throw new Error(`node-net-for-await does not serve ${command.workload}`);

function onConnection(socket: Socket): void {
  serve?.(socket).catch(() => socket.destroy());
}

listen(command, onConnection);
