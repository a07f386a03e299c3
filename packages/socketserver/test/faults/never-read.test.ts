import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { holdingsOf } from '../support/holdings.ts';
import { readAll } from '../support/read-all.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { connect } from '../../src/index.ts';

const program = join(import.meta.dirname, 'programs/pouring-server.ts');
const mebibyte = 1_048_576;
const poured = 10_240 * mebibyte;
const warmUp = 64 * mebibyte;

/** What the kernel's buffers on both sides may hold of one connection, and one write. [tcp(7): tcp_wmem, tcp_rmem] */
const kernelBytes = 32 * mebibyte;

describe('a client that never reads', { skip: process.platform !== 'linux' }, () => {
  for (const [engine] of workerEngines) {
    for (const model of ['serial', 'concurrent', 'threading', 'forking']) {
      it(`holds a handler that pours 10 GiB, and costs no memory: ${model} on ${engine}`, async (t) => {
        await using news = await listenForNews();
        const child = spawn(process.execPath, [program, model, engine, String(news.port)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const exited = once(child, 'exit');
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const port = Number((await lines.next()).value);

        const reader = await connect(['127.0.0.1', port]);
        await reader.sendall(`${warmUp}\n`);
        assert.equal((await readAll(reader)).length, warmUp);
        reader.close();
        const before = holdingsOf(child.pid!).residentBytes;

        const deaf = net.connect(port, '127.0.0.1', () => deaf.write(`${poured}\n`)).pause();
        const sent = await news.held;
        const growth = holdingsOf(child.pid!).residentBytes - before;
        t.diagnostic(
          `held after ${Math.round(sent / mebibyte)} MiB, grew by ${(growth / mebibyte).toFixed(1)} MiB`,
        );
        assert.ok(sent < kernelBytes, `${sent} bytes were taken`);
        assert.ok(growth < 16 * mebibyte, `grew by ${Math.round(growth / mebibyte)} MiB`);

        deaf.on('error', () => {}).resetAndDestroy();
        child.kill('SIGTERM');
        await exited;
      });
    }
  }
});

/** Learns how much a handler had sent when it was held; a slow moment of the warm-up is no news. */
async function listenForNews(): Promise<
  AsyncDisposable & { readonly port: number; readonly held: Promise<number> }
> {
  const { promise: held, resolve } = Promise.withResolvers<number>();
  const server = net.createServer((socket) => {
    socket.setEncoding('utf8').on('data', (news: string) => {
      const [asked, sent] = news.split(' ').map(Number) as [number, number];
      if (asked === poured) resolve(sent);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return { port, held, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
