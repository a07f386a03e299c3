import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { connect, type StreamSocket } from '../../src/index.ts';

const program = join(import.meta.dirname, 'programs/streaming-server.ts');
const mebibyte = 1_048_576;
const bytesPerSecond = 10_000_000;

/** How much is sent; the full run takes 1,024 MiB, nearly two minutes. */
const sentMiB = Number(process.env['SOCKETSERVER_STREAM_MIB'] ?? 64);
const totalBytes = sentMiB * mebibyte;

/** Runs the server in a process of its own, so that its memory is its own. */
async function growthOf(direction: 'send' | 'receive', client: (socket: StreamSocket) => Promise<void>) {
  const args = [program, direction, String(totalBytes), String(bytesPerSecond)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  await client(await connect(['127.0.0.1', port]));
  return Number((await lines.next()).value);
}

describe('the memory of a server', { skip: process.platform !== 'linux', concurrency: true }, () => {
  it(`stays where it is while a handler sends ${sentMiB} MiB to a client that reads 10 MB/s`, async () => {
    let received = 0;
    const growth = await growthOf('send', async (socket) => {
      const started = performance.now();
      for (;;) {
        const chunk = await socket.recv(65_536);
        if (chunk.length === 0) break;
        received += chunk.length;
        const ahead = (received / bytesPerSecond) * 1000 - (performance.now() - started);
        if (ahead > 5) await delay(ahead);
      }
      socket.close();
    });
    assert.equal(received, totalBytes);
    assert.ok(growth < 32 * mebibyte, `grew by ${Math.round(growth / mebibyte)} MiB`);
  });

  it(`stays where it is while a client sends ${sentMiB} MiB to a handler that reads 10 MB/s`, async () => {
    const growth = await growthOf('receive', async (socket) => {
      const block = Buffer.alloc(65_536, 'x');
      for (let sent = 0; sent < totalBytes; sent += block.length) await socket.sendall(block);
      await socket.recv(1);
      socket.close();
    });
    assert.ok(growth < 32 * mebibyte, `grew by ${Math.round(growth / mebibyte)} MiB`);
  });
});
