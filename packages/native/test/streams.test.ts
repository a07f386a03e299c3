import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync, closeSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createNativeEngine } from '../lib/index.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import { LOOPBACK, accept, listen, pair, readToEnd, temporaryPath } from './support/sockets.ts';
import { until } from '../../socketserver/test/support/until.ts';

const engine = createNativeEngine();

describe('a connection', () => {
  test('echoes', async () => {
    const { peer, sink } = await pair();
    peer.write('hello');
    const bytes = await sink.read();
    assert.equal(bytes.toString(), 'hello');
    sink.connection.write(bytes);
    assert.equal(String((await once(peer, 'data'))[0]), 'hello');
    peer.end();
    assert.equal((await sink.read()).length, 0);
    assert.deepEqual(sink.news, ['received', 'ended']);
    sink.connection.close();
    assert.equal(await sink.closedOnce.promise, undefined);
    assert.deepEqual(sink.news, ['received', 'ended', 'closed']);
    assert.equal(sink.connection.fd, -1);
    await once(peer, 'close');
  });

  test('brings bytes that stay as they are while others come', async () => {
    const { peer, sink } = await pair();
    const pieces: Buffer[] = [];
    for (let i = 0; i < 300; i++) {
      peer.write(Buffer.alloc(700, i));
      pieces.push(await sink.readAtLeast(700));
    }
    pieces.forEach((piece, i) => assert.deepEqual(piece, Buffer.alloc(700, i)));
    peer.destroy();
    await sink.readAll();
    sink.connection.close();
  });

  test('brings nothing more than one delivery after received() gave false', async () => {
    const { peer, sink } = await pair();
    peer.write(Buffer.alloc(8 * 1024 * 1024));
    sink.connection.resume();
    await until(() => sink.news.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(sink.news, ['received']);
    assert.ok((await sink.read()).length <= 64 * 1024);
    peer.destroy();
    sink.connection.reset();
  });

  for (const address of [LOOPBACK, temporaryPath()]) {
    test(`moves many megabytes both ways at once over ${typeof address === 'string' ? 'Unix' : 'TCP'}`, async () => {
      const { peer, sink } = await pair(address);
      const total = 24 * 1024 * 1024;
      const source = Buffer.alloc(total);
      for (let i = 0; i < total; i += 4) source.writeUInt32LE(i, i);
      peer.end(source);
      const echoed = readToEnd(peer);
      let received = 0;
      for (;;) {
        const bytes = await sink.read();
        if (bytes.length === 0) break;
        received += bytes.length;
        await sink.write(bytes);
      }
      sink.connection.close();
      assert.equal(received, total);
      assert.ok((await echoed).equals(source));
      assert.equal(await sink.closedOnce.promise, undefined);
    });
  }

  test('tells when a slow peer has taken everything, and keeps the order of small and large writes', async () => {
    const { peer, sink } = await pair();
    peer.pause();
    const pieces: Buffer[] = [];
    let isAccepted = true;
    for (let i = 0; isAccepted && i < 10_000; i++) {
      const piece = Buffer.alloc(i % 3 === 0 ? 100_000 : 777, i);
      pieces.push(piece);
      isAccepted = sink.connection.write(piece);
    }
    assert.equal(isAccepted, false);
    pieces.push(Buffer.from('last'));
    sink.connection.write(pieces.at(-1)!);
    const drained = sink.drainedOnce.promise;
    const all = readToEnd(peer);
    await drained;
    assert.deepEqual(sink.news, ['drained']);
    sink.connection.close();
    assert.ok((await all).equals(Buffer.concat(pieces)));
  });

  test('bounds the copies that it keeps for a peer that takes nothing', async () => {
    const { peer, sink } = await pair();
    peer.pause();
    let copied = 0;
    while (sink.connection.write(Buffer.alloc(1000))) copied += 1000;
    // What the kernel's buffers took, and at most 64 KiB plus one flush.
    assert.ok(copied < 32 * 1024 * 1024, `${copied} bytes`);
    sink.connection.reset();
    peer.on('error', () => {}).destroy();
  });

  test('sends part of a file between two writes', async () => {
    const file = temporaryPath();
    const content = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
    writeFileSync(file, content);
    const fd = openSync(file, 'r');
    const { peer, sink } = await pair();
    const received = readToEnd(peer);
    sink.connection.write(Buffer.from('<'));
    const sent = [
      sink.connection.sendFile!(fd, 10, 2 * 1024 * 1024),
      sink.connection.sendFile!(fd, content.length - 5, 100),
    ];
    sink.connection.write(Buffer.from('>'));
    closeSync(fd);
    assert.deepEqual(await Promise.all(sent), [2 * 1024 * 1024, 5]);
    sink.connection.close();
    const expected = [
      Buffer.from('<'),
      content.subarray(10, 10 + 2 * 1024 * 1024),
      content.subarray(-5),
      Buffer.from('>'),
    ];
    assert.ok((await received).equals(Buffer.concat(expected)));
  });

  test('fails a file that is cut off by a reset', async () => {
    const file = temporaryPath();
    writeFileSync(file, Buffer.alloc(16 * 1024 * 1024));
    const fd = openSync(file, 'r');
    const { peer, sink } = await pair();
    const sent = sink.connection.sendFile!(fd, 0, 16 * 1024 * 1024);
    peer.resetAndDestroy();
    await assert.rejects(sent);
    closeSync(fd);
  });

  test('keeps one thrown error of a sink from the others', async () => {
    const first = await pair();
    const second = await pair();
    const caught = Promise.withResolvers<Error>();
    process.setUncaughtExceptionCaptureCallback(caught.resolve);
    first.sink.received = () => {
      throw new Error('mine');
    };
    first.sink.connection.resume();
    const read = second.sink.read();
    first.peer.write('a');
    second.peer.write('b');
    assert.equal((await caught.promise).message, 'mine');
    process.setUncaughtExceptionCaptureCallback(null);
    assert.equal((await read).toString(), 'b');
    for (const { peer, sink } of [first, second]) {
      peer.on('error', () => {}).destroy();
      sink.connection.reset();
    }
  });

  test('stays safe when a handler takes the memory of its bytes away', async () => {
    const { peer, sink } = await pair();
    peer.write('one');
    const bytes = await sink.read();
    // Nodes that make their buffers' memory undetachable refuse this; then there is nothing to survive.
    try {
      (bytes.buffer as ArrayBuffer).transfer();
    } catch (error) {
      assert.match(String(error), /detach/);
    }
    peer.write('two');
    assert.equal((await sink.read()).toString(), 'two');
    const large = new Uint8Array(32 * 1024 * 1024);
    peer.pause();
    assert.equal(sink.connection.write(large), false);
    structuredClone(large.buffer, { transfer: [large.buffer] });
    peer.resume();
    const error = (await sink.closedOnce.promise) as NodeJS.ErrnoException;
    assert.equal(error.code, 'EFAULT');
    peer.destroy();
  });
});

describe('many connections', () => {
  test('are served side by side, more of them than there were slots at first', async () => {
    const listener = listen(LOOPBACK, 512);
    const near: CollectingSink[] = [];
    const far: CollectingSink[] = [];
    for (let i = 0; i < 300; i++) {
      const [connected, accepted] = await Promise.all([engine.connect(listener.address), accept(listener)]);
      near.push(new CollectingSink(connected));
      far.push(new CollectingSink(accepted));
    }
    near.forEach((sink, i) => sink.connection.write(Buffer.from(`number ${i}`)));
    const received = await Promise.all(far.map((sink) => sink.read()));
    received.forEach((bytes, i) => assert.equal(bytes.toString(), `number ${i}`));
    for (const sink of [...near, ...far]) sink.connection.close();
    await Promise.all([...near, ...far].map((sink) => sink.closedOnce.promise));
    await listener.close();
  });

  test('have their turn while another floods', async () => {
    const flooding = await pair();
    const quiet = await pair();
    const flood = Buffer.alloc(1024 * 1024);
    let isFlooding = true;
    const pour = () => isFlooding && flooding.peer.write(flood, pour);
    pour();
    let flooded = 0;
    flooding.sink.received = (bytes) => {
      flooded += bytes.length;
      return true;
    };
    flooding.sink.connection.resume();
    let most = 0;
    for (let i = 0; i < 50; i++) {
      const answered = once(quiet.peer, 'data');
      quiet.peer.write('ping');
      const before = flooded;
      quiet.sink.connection.write(await quiet.sink.read());
      most = Math.max(most, flooded - before);
      await answered;
    }
    isFlooding = false;
    assert.ok(most < 16 * 1024 * 1024, `${most} bytes of the flood went first`);
    for (const { peer, sink } of [flooding, quiet]) {
      peer.on('error', () => {}).destroy();
      sink.connection.reset();
    }
  });
});
