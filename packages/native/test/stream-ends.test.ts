import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { CollectingSink } from './support/collecting-sink.ts';
import { accept, client, listen, pair, readToEnd } from './support/sockets.ts';

describe('a connection', () => {
  test('sends what was written before it closes, also to a slow peer', async () => {
    const { peer, sink } = await pair();
    peer.pause();
    const bytes = Buffer.alloc(4 * 1024 * 1024, 'x');
    sink.connection.write(bytes);
    sink.connection.close();
    assert.equal(sink.connection.isClosed, true);
    assert.equal(sink.connection.write(Buffer.from('ignored')), true);
    assert.ok((await readToEnd(peer)).equals(bytes));
    assert.equal(await sink.closedOnce.promise, undefined);
  });

  test('can be reset while it still sends', async () => {
    const { peer, sink } = await pair();
    peer.pause();
    sink.connection.write(Buffer.alloc(16 * 1024 * 1024));
    sink.connection.close();
    sink.connection.reset();
    assert.equal(await sink.closedOnce.promise, undefined);
    peer.resume();
    const [error] = (await once(peer, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });

  test('does not lose a reply to a reset when unread bytes are left behind', async () => {
    for (let i = 0; i < 50; i++) {
      const { peer, sink } = await pair();
      peer.write('request');
      await sink.read();
      peer.write('more that nobody reads');
      await new Promise(setImmediate);
      sink.connection.write(Buffer.from('reply'));
      sink.connection.close();
      assert.equal((await readToEnd(peer)).toString(), 'reply');
    }
  });

  test('ends its writing side and goes on reading', async () => {
    const { peer, sink } = await pair();
    sink.connection.write(Buffer.from('bye'));
    sink.connection.endWrite();
    assert.equal((await readToEnd(peer)).toString(), 'bye');
    peer.end('still heard');
    assert.equal((await sink.readAll()).toString(), 'still heard');
    assert.equal(await sink.closedOnce.promise, undefined);
    assert.deepEqual(sink.news.slice(-2), ['ended', 'closed']);
  });

  test('reports a reset by the peer', async () => {
    const { peer, sink } = await pair();
    const read = sink.read();
    peer.resetAndDestroy();
    assert.equal((await read).length, 0);
    const error = (await sink.closedOnce.promise) as NodeJS.ErrnoException;
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(error.syscall, 'read');
    assert.equal(error.errno, -104);
    assert.deepEqual(sink.news, ['closed']);
  });

  test('notices a reset while it is not reading', async () => {
    const { peer, sink } = await pair();
    peer.write('first');
    await sink.read();
    sink.connection.resume();
    await new Promise(setImmediate);
    peer.write('second');
    await sink.read();
    sink.connection.resume();
    sink.connection.write(Buffer.from('x'));
    await once(peer, 'data');
    peer.resetAndDestroy();
    assert.equal(((await sink.closedOnce.promise) as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  test('resets, so that the peer sees a reset', async () => {
    const { peer, sink } = await pair();
    sink.connection.write(Buffer.from('never seen'));
    sink.connection.reset();
    assert.equal(sink.connection.isClosed, true);
    const [error] = (await once(peer, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(await sink.closedOnce.promise, undefined);
  });

  test('may be written to and closed before it is started', async () => {
    const listener = listen();
    const peer = await client(listener.address);
    const connection = await accept(listener);
    connection.write(Buffer.from('busy'));
    connection.close();
    assert.equal((await readToEnd(peer)).toString(), 'busy');
    const sink = new CollectingSink(connection);
    assert.equal(await sink.closedOnce.promise, undefined);
    await listener.close();
  });
});
