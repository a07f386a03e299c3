import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ConcurrentTCPServer, ConcurrentTLSServer, ConcurrentUnixStreamServer } from '../../src/index.ts';
import {
  type ConnectClientOptions,
  createMemoryEngine,
  RawClient,
  type RunningServer,
  startServer,
} from '../../src/testing/index.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { Lines, Silent } from './handlers/lines.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost');
after(() => authority[Symbol.dispose]());

type AnyRunning = RunningServer<ConcurrentTCPServer | ConcurrentTLSServer | ConcurrentUnixStreamServer>;

/** Every way in which a client can reach a server. */
const ways: readonly (readonly [name: string, start: () => AnyRunning, options?: ConnectClientOptions])[] = [
  ['TCP', () => startServer(ConcurrentTCPServer, Lines)],
  ['a Unix socket', () => startServer(ConcurrentUnixStreamServer, Lines)],
  [
    'TLS',
    () => startServer(ConcurrentTLSServer, Lines, { tls: { cert, key } }),
    { tls: { ca: authority.cert, servername: 'localhost' } },
  ],
  ['memory', () => startServer(ConcurrentTCPServer, Lines, { engine: createMemoryEngine() })],
  [
    'memory, byte by byte',
    () => startServer(ConcurrentTCPServer, Lines, { engine: createMemoryEngine({ chunkBytes: 1 }) }),
  ],
];

for (const [name, start, options] of ways) {
  describe(`RawClient over ${name}`, () => {
    it('sends and reads: lines, exact counts, up to a delimiter, what is there, all', async () => {
      await using running = start();
      await using client = await running.connect(options);
      assert.equal(await client.ask('hello'), 'HELLO');
      await client.send('abcdef\nghi\n');
      assert.equal(String(await client.readExactly(3)), 'ABC');
      assert.equal(String(await client.readUntil('\nG')), 'DEF\nG');
      assert.equal(String(await client.read(1)), 'H');
      await client.halfClose();
      assert.equal(String(await client.readAll()), 'I\nthe end');
      assert.equal((await client.read()).length, 0);
      assert.equal(await client.waitForEnd(), 'end');
    });

    it('tells an end from a reset, and what is missing when one comes too early', async () => {
      await using running = start();
      await using leaver = await running.connect(options);
      await leaver.send('leave\n');
      assert.equal(await leaver.waitForEnd(), 'end');
      await using early = await running.connect(options);
      await early.send('ab\nleave\n');
      await assert.rejects(early.readExactly(5), {
        name: 'UnexpectedEndError',
        code: 'UNEXPECTED_END',
        message: 'The server ended the connection before 5 bytes; 3 bytes had come: "AB\\n"',
      });
      if (name === 'a Unix socket') return; // which has no reset
      await using victim = await running.connect(options);
      await victim.send('reset\n');
      assert.equal(await victim.waitForEnd(), 'reset');
      await assert.rejects(victim.readLine(), { code: 'ECONNRESET' });
      await assert.rejects(victim.send('more'), { code: 'ECONNRESET' });
    });

    it('resets', async () => {
      await using running = start();
      await using client = await running.connect(options);
      assert.equal(await client.ask('hello'), 'HELLO');
      await client.send('hold\n');
      await client.reset();
      assert.equal(client.isClosed, true);
      if (name !== 'a Unix socket') assert.equal((await running.nextError()).error.code, 'ECONNRESET');
    });

    it('reads nothing that it is not asked for', async () => {
      await using running = start();
      await using client = await running.connect(options);
      await client.send('stream\n');
      assert.equal((await client.read(1)).length, 1);
      const { bytesRead } = client;
      await running.server.shutdown();
      await using other = await running.connect(options).catch(() => undefined);
      assert.equal(other?.bytesRead ?? 0, 0);
      assert.equal(client.bytesRead, bytesRead);
      await client.reset();
    });

    it('says what it waited for, and what had come', async () => {
      await using running = start();
      await using client = await running.connect(options);
      await client.send('ab\n');
      await client.readUntil('A', { waitMs: Infinity });
      await assert.rejects(client.readExactly(5, { waitMs: 20 }), (error: Error & { code?: unknown }) => {
        assert.equal(error.code, 'WAIT_TIMEOUT');
        assert.match(error.message, /^Waited 20 ms for 5 bytes; 2 bytes had come: "B\\n" \(connection to /);
        assert.match(error.stack ?? '', /raw-client\.test\.ts/);
        return true;
      });
      assert.equal(await client.readLine(), 'B', 'and what had come is still there');
      const cancel = AbortSignal.abort(new Error('enough'));
      await assert.rejects(client.read(1, { signal: cancel }), /enough/);
    });
  });
}

describe('RawClient', () => {
  it('refuses a second read at once', async () => {
    await using running = startServer(ConcurrentTCPServer, Lines);
    await using client = await running.connect();
    const first = client.readLine();
    await assert.rejects(client.read(), /^TypeError: Cannot read bytes: another read must end first$/);
    await client.send('one\n');
    assert.equal(await first, 'ONE');
  });

  it("does not take its own end for the server's", async () => {
    await using running = startServer(ConcurrentTCPServer, Silent);
    const client = await running.connect();
    const reading = client.readAll();
    await client.close();
    await assert.rejects(reading, { code: 'CONNECTION_CLOSED' });
    await assert.rejects(client.waitForEnd(), { code: 'CONNECTION_CLOSED' });
  });

  it('waits for a server that does not take what it sends', async () => {
    await using running = startServer(ConcurrentTCPServer, Lines);
    await using client = await running.connect();
    await client.send('hold\n');
    await assert.rejects(client.send(Buffer.alloc(64 << 20), { waitMs: 50 }), {
      message: new RegExp('^Waited 50 ms for the server to take 67108864 bytes '),
    });
    await client.reset();
  });

  it('is another host of the loopback network where it is told so', async () => {
    await using running = startServer(ConcurrentTCPServer, Lines);
    await using client = await running.connect({ localAddress: ['127.0.0.9', 0] });
    assert.equal(client.localAddress[0], '127.0.0.9');
    await client.send('fail\n');
    assert.deepEqual((await running.nextError()).clientAddress, client.localAddress);
  });

  it('is anybody in memory', async () => {
    const engine = createMemoryEngine();
    await using running = startServer(ConcurrentTCPServer, Lines, { engine });
    await using client = await running.connect({ localAddress: ['2001:db8::1', 7] });
    await client.send('fail\n');
    assert.deepEqual((await running.nextError()).clientAddress, ['2001:db8::1', 7]);
  });

  it('passes on why it could not connect', async () => {
    const running = startServer(ConcurrentTCPServer, Lines);
    const { address } = running;
    await running.stop();
    await assert.rejects(RawClient.connect(address), { code: 'ECONNREFUSED' });
    const engine = createMemoryEngine();
    await assert.rejects(RawClient.connect(address, { engine }), { code: 'ECONNREFUSED' });
    await assert.rejects(RawClient.connect(address, { engine, tls: {} }), TypeError);
    await assert.rejects(RawClient.connect('/nowhere/at.all', { localAddress: address }), TypeError);
  });

  it('gives a TLS handshake up that does not get anywhere', async () => {
    await using running = startServer(ConcurrentTCPServer, Silent);
    await assert.rejects(running.connect({ tls: { rejectUnauthorized: false }, waitMs: 50 }), {
      message: /^Waited 50 ms for a connection to 127\.0\.0\.1:\d+$/,
    });
  });
});
