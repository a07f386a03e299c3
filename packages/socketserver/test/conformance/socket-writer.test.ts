/** `wfile` of a `StreamRequestHandler`: `SocketWriterTest` of CPython's `test_socketserver.py`. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, StreamRequestHandler, TCPServer } from '../../src/index.ts';
import { serving } from '../support/serving.ts';

/** Too much for the kernel to take at once. [CPython: test.support.SOCK_MAX_SIZE] */
const manyBytes = 16_777_217;

describe('the wfile of a stream handler', () => {
  it('test_basics: is writable, and has the descriptor of its connection', async () => {
    const seen: unknown[] = [];
    class Looking extends StreamRequestHandler {
      override handle() {
        seen.push(this.wfile.writable(), this.wfile.fileno() === this.request.fileno());
      }
    }
    const server = new TCPServer(['127.0.0.1', 0], Looking);
    await using client = await connect(server.serverAddress);
    await server.handleRequest();
    await client.waitForEnd();
    await server.serverClose();
    assert.deepEqual(seen, [true, true]);
  });

  it('test_write: sends at once, whole and counted, also while signals come in between', async () => {
    const counts: number[] = [];
    const { promise: firstArrived, resolve: acknowledge } = Promise.withResolvers<void>();
    class Sending extends StreamRequestHandler {
      override async handle() {
        counts.push(await this.wfile.write('client not'));
        await firstArrived; // without a flush
        counts.push(await this.wfile.write(Buffer.alloc(manyBytes, 'x')));
      }
    }
    await using server = new TCPServer(['127.0.0.1', 0], Sending);
    await using _ = serving(server);
    await using client = await connect(server.serverAddress);
    let signals = 0;
    const onSignal = () => (signals += 1);
    process.on('SIGWINCH', onSignal);
    try {
      assert.equal((await client.readExactly(10)).toString(), 'client not');
      acknowledge();
      let received = 0;
      for await (const chunk of client) {
        received += chunk.length;
        if (signals < 10) process.kill(process.pid, 'SIGWINCH');
      }
      assert.equal(received, manyBytes);
    } finally {
      process.off('SIGWINCH', onSignal);
    }
    assert.ok(signals > 0);
    assert.deepEqual(counts, [10, manyBytes]);
  });
});
