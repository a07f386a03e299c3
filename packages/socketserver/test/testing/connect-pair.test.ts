import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectPair, everySplit, VirtualClock } from '../../src/testing/index.ts';

describe('connectPair', () => {
  it('joins a client and the socket that a handler would get', async () => {
    const [client, socket] = connectPair({ chunkBytes: 1 });
    await client.send('hello\n');
    assert.equal(String(await socket.readline()), 'hello\n');
    await socket.sendall('HELLO\n');
    assert.equal(await client.readLine(), 'HELLO');
    assert.deepEqual(socket.getpeername(), client.localAddress);
    assert.deepEqual(socket.getsockname(), client.remoteAddress);
    socket.close();
    assert.equal(await client.waitForEnd(), 'end');
  });

  it('runs by a virtual clock', async () => {
    const clock = new VirtualClock();
    const [, socket] = connectPair({ clock });
    socket.settimeout(60);
    const reading = assert.rejects(socket.recv(1), { code: 'SOCKET_TIMEOUT' });
    await clock.advance(60_000);
    await reading;
    socket.reset();
  });

  it('bounds what its client waits for', async () => {
    const [client, socket] = connectPair({ waitMs: 5 });
    await assert.rejects(client.readLine(), { code: 'WAIT_TIMEOUT' });
    await client.reset();
    await assert.rejects(socket.recv(1), { code: 'ECONNRESET' });
  });
});

describe('everySplit', () => {
  it('gives the whole, every cut in two, and every byte by itself', () => {
    const splits = [...everySplit('abc')].map((pieces) => pieces.map(String).join('|'));
    assert.deepEqual(splits, ['abc', 'a|bc', 'ab|c', 'a|b|c']);
    assert.deepEqual([...everySplit('a')].map(String), ['a']);
    assert.deepEqual([...everySplit('')].map(String), ['']);
    assert.equal([...everySplit(Buffer.alloc(100))].length, 101);
  });
});
