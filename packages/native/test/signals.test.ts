import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { client } from './support/sockets.ts';

const program = join(import.meta.dirname, 'support/signalled-echo.ts');

/** Keeps what comes. @returns what gives the next `length` bytes, once they are there; or, without it, all until the end. */
function readerOf(socket: Socket): (length?: number) => Promise<Buffer> {
  let kept = Buffer.alloc(0);
  let news = Promise.withResolvers<void>();
  const tell = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  socket.on('data', (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes]);
    tell();
  });
  socket.on('end', tell);
  return async (length) => {
    while (length === undefined ? !socket.readableEnded : kept.length < length) await news.promise;
    const read = kept.subarray(0, length);
    kept = kept.subarray(read.length);
    return read;
  };
}

test('a process that signals interrupt, and that is stopped and goes on, serves all of its clients', async () => {
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = (await once(server.stdout, 'data')) as [Buffer];
  const [port, datagramPort] = said.toString().trim().split(' ').map(Number);
  const disturb = (count: number): void => {
    server.kill('SIGUSR2');
    if (count % 5 > 0) return;
    server.kill('SIGSTOP');
    server.kill('SIGCONT');
  };
  const datagrams = dgram.createSocket('udp4');
  for (let round = 0; round < 20; round += 1) {
    const peer = await client(['127.0.0.1', port!]);
    const read = readerOf(peer);
    for (let exchange = 0; exchange < 10; exchange += 1) {
      disturb(exchange);
      const sent = Buffer.alloc(1 + exchange * 5000, round);
      peer.write(sent);
      assert.deepEqual(await read(sent.length), sent);
      disturb(exchange);
      datagrams.send(`${exchange}`, datagramPort, '127.0.0.1');
      const [answer] = (await once(datagrams, 'message')) as [Buffer];
      assert.equal(answer.toString(), `${exchange}`);
    }
    disturb(round);
    peer.end();
    assert.deepEqual(await read(), readFileSync(program));
  }
  datagrams.close();
  server.stdin.end();
  const [signals] = (await once(server.stdout, 'data')) as [Buffer];
  assert.ok(Number(signals) > 0);
  await once(server, 'close');
});
