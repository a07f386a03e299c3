/**
 * Raw `node:net`, the way it is usually written: 'data' events, and a hand-written split where messages
 * matter. This is what the ratios are to. `--corked yes` gathers the answers of one 'data' event into one
 * write, which fewer programs do.
 */
import type { Socket } from 'node:net';
import { burnFiveMilliseconds } from './burn.ts';
import { readServerCommand } from './command-line.ts';
import { listen } from './node-listener.ts';

const command = readServerCommand({ corked: 'no' });

function echo(socket: Socket): void {
  socket.on('data', (chunk) => {
    if (!socket.write(chunk)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
}

function lines(socket: Socket): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    const pieces = (rest + chunk.toString()).split('\n');
    rest = pieces.pop() ?? '';
    if (command.extra['corked'] === 'yes') socket.cork();
    for (const line of pieces) socket.write(`${line}\n`, 'latin1');
    if (command.extra['corked'] === 'yes') socket.uncork();
  });
}

function frames(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (command.extra['corked'] === 'yes') socket.cork();
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0);
      if (bytes.length < 4 + length) break;
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      socket.write(header);
      socket.write(bytes.subarray(4, 4 + length));
      bytes = bytes.subarray(4 + length);
    }
    if (command.extra['corked'] === 'yes') socket.uncork();
    rest = bytes;
  });
}

function source(socket: Socket): void {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  socket.once('data', (order) => {
    let left = Number(order.toString());
    const fill = (): void => {
      while (left > 0) {
        const piece = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= piece.length;
        if (!socket.write(piece)) {
          socket.once('drain', fill);
          return;
        }
      }
      socket.end();
    };
    fill();
  });
}

function sink(socket: Socket): void {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  socket.on('end', () => socket.end(String(received)));
}

function burn(socket: Socket): void {
  socket.on('data', (chunk) => {
    burnFiveMilliseconds();
    socket.write(chunk);
  });
}

const serve = { echo, lines, frames, source, sink, burn }[command.workload];
if (serve === undefined) throw new Error(`node-net does not serve ${command.workload}`);

function onConnection(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  serve?.(socket);
}

listen(command, onConnection);
