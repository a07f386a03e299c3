import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, statSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createNativeEngine } from '../lib/index.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import {
  BIND,
  LOOPBACK,
  accept,
  client,
  listen,
  pair,
  readToEnd,
  ready,
  temporaryPath,
} from './support/sockets.ts';

const engine = createNativeEngine();

describe('a listener', () => {
  test('is bound to a real port at once, and again found under it', async () => {
    const listener = engine.bindStream(LOOPBACK, BIND);
    assert.equal(listener.address[0], '127.0.0.1');
    assert.ok(Number(listener.address[1]) > 0);
    assert.ok(listener.fd > 2);
    await listener.close();
    assert.equal(listener.fd, -1);
    assert.ok(Number(listener.address[1]) > 0);
  });

  test('throws the error that Node throws when the port is taken', async () => {
    const listener = listen();
    const port = Number(listener.address[1]);
    assert.throws(() => engine.bindStream(['127.0.0.1', port], BIND), {
      code: 'EADDRINUSE',
      errno: -98,
      syscall: 'bind',
      address: '127.0.0.1',
      port,
      message: `bind EADDRINUSE 127.0.0.1:${port}`,
    });
    await listener.close();
  });

  test('refuses a host that is not an address', () => {
    assert.throws(() => engine.bindStream(['localhost', 0], BIND), { code: 'EINVAL', syscall: 'bind' });
  });

  test('leaves clients in the kernel until it is asked, and gives them in order', async () => {
    const listener = listen();
    assert.equal(listener.isReady, false);
    assert.equal(listener.accept(), undefined);
    const peers = [await client(listener.address), await client(listener.address)];
    await ready(listener);
    assert.equal(listener.isReady, true);
    const accepted = [listener.accept(), listener.accept()];
    assert.deepEqual(
      accepted.map((connection) => connection?.remoteAddress[1]),
      peers.map((peer) => peer.localPort),
    );
    assert.equal(listener.accept(), undefined);
    assert.equal(listener.isReady, false);
    for (const connection of accepted) connection?.reset();
    for (const peer of peers) peer.on('error', () => {}).destroy();
    await listener.close();
  });

  test('wakes once, later than notify() returns, also when a client waits already', async () => {
    const listener = listen();
    const peer = await client(listener.address);
    let wakes = 0;
    await ready(listener);
    listener.notify(() => wakes++);
    assert.equal(wakes, 0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(wakes, 1);
    listener.notify(() => wakes++);
    listener.notify(undefined);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(wakes, 1);
    const failed = once(peer, 'error');
    peer.resume();
    await listener.close();
    assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
  });

  test('takes IPv4 clients on an IPv6 wildcard address, and says so', async () => {
    const listener = engine.bindStream(['::', 0], { ...BIND, ipv6Only: false });
    listener.listen(8);
    const peer = await client(['127.0.0.1', Number(listener.address[1])]);
    const connection = await accept(listener);
    assert.equal(connection.remoteAddress[0], '::ffff:127.0.0.1');
    assert.deepEqual(connection.localAddress, ['::ffff:127.0.0.1', listener.address[1]]);
    connection.close();
    peer.destroy();
    await listener.close();
  });

  test('serves IPv6', async () => {
    const listener = listen(['::1', 0]);
    const peer = await client(listener.address);
    const connection = await accept(listener);
    assert.deepEqual(connection.remoteAddress, ['::1', peer.localPort]);
    assert.deepEqual(connection.localAddress, listener.address);
    connection.close();
    peer.destroy();
    await listener.close();
  });

  test('shares a port with SO_REUSEPORT', async () => {
    const first = engine.bindStream(LOOPBACK, { ...BIND, reusePort: true });
    const second = engine.bindStream(first.address, { ...BIND, reusePort: true });
    assert.deepEqual(second.address, first.address);
    await first.close();
    await second.close();
  });

  test('gives a Unix path the permissions asked for, and knows who is at the other end', async () => {
    const path = temporaryPath();
    const listener = engine.bindStream(path, { ...BIND, mode: 0o600 });
    listener.listen(8);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const peer = await client(path);
    const connection = await accept(listener);
    assert.equal(connection.remoteAddress, '');
    assert.equal(connection.localAddress, path);
    assert.deepEqual(connection.peerCredentials, {
      pid: process.pid,
      uid: process.getuid!(),
      gid: process.getgid!(),
    });
    connection.close();
    peer.destroy();
    await listener.close();
    rmSync(path);
  });

  test('serves an abstract name', async () => {
    const name = `\0socketserver-native-${process.pid}`;
    const listener = listen(name);
    assert.equal(listener.address, name);
    const connected = engine.connect(name);
    const connection = await accept(listener);
    const near = new CollectingSink(await connected);
    new CollectingSink(connection).connection.write(Buffer.from('abstract'));
    assert.equal((await near.readAtLeast(8)).toString(), 'abstract');
    near.connection.close();
    connection.close();
    await listener.close();
  });

  test('reports running out of descriptors, and accepts again afterwards', async () => {
    const listener = listen();
    const peer = await client(listener.address);
    // The limit cannot be lowered from here, so the descriptors are used up.
    const taken: number[] = [];
    assert.throws(
      () => {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      },
      { code: 'EMFILE' },
    );
    await ready(listener);
    assert.equal(listener.isReady, true);
    assert.throws(() => listener.accept(), { code: 'EMFILE', syscall: 'accept' });
    for (const fd of taken) closeSync(fd);
    const connection = await accept(listener);
    connection.close();
    peer.destroy();
    await listener.close();
  });
});

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

  test('sends part of a file between two writes', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'ssn-')), 'file');
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
    const file = join(mkdtempSync(join(tmpdir(), 'ssn-')), 'file');
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

describe('connect', () => {
  test('opens a connection, by name too, that both ends agree on', async () => {
    const listener = listen();
    const near = new CollectingSink(await engine.connect(['localhost', Number(listener.address[1])]));
    const far = new CollectingSink(await accept(listener));
    assert.deepEqual(near.connection.localAddress, far.connection.remoteAddress);
    assert.deepEqual(near.connection.remoteAddress, far.connection.localAddress);
    near.connection.write(Buffer.from('ping'));
    assert.equal((await far.read()).toString(), 'ping');
    far.connection.close();
    assert.equal((await near.readAll()).length, 0);
    near.connection.close();
    await listener.close();
  });

  test('learns of bytes and of an end that were there before it looked', async () => {
    const listener = listen();
    const connecting = engine.connect(listener.address);
    const latest = Date.now() + 60_000;
    while (!listener.isReady) assert.ok(Date.now() < latest, 'the client has not arrived');
    const far = listener.accept()!;
    far.write(Buffer.from('hello and goodbye'));
    far.close();
    // Carried out without a turn of the event loop, so that one event tells of everything.
    engine.binding.flush();
    const near = new CollectingSink(await connecting);
    assert.equal((await near.readAll()).toString(), 'hello and goodbye');
    near.connection.close();
    await listener.close();
  });

  test('rejects with the error that Node gives', async () => {
    const listener = listen();
    const port = Number(listener.address[1]);
    await listener.close();
    await assert.rejects(engine.connect(['127.0.0.1', port]), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
      address: '127.0.0.1',
      port,
    });
    await assert.rejects(engine.connect('/nowhere/at/all'), { code: 'ENOENT', address: '/nowhere/at/all' });
  });

  test('gives up when its signal says so', async () => {
    const listener = listen(LOOPBACK, 1);
    const controller = new AbortController();
    const reason = new Error('enough');
    // A full backlog keeps further connections waiting. [listen(2)]
    const waiting = Array.from({ length: 8 }, () =>
      engine.connect(listener.address, { signal: controller.signal }),
    );
    const settled = Promise.allSettled(waiting);
    await new Promise(setImmediate);
    controller.abort(reason);
    const results = await settled;
    for (const result of results) {
      if (result.status === 'fulfilled') result.value.reset();
      else assert.equal(result.reason, reason);
    }
    assert.ok(results.some((result) => result.status === 'rejected'));
    await assert.rejects(engine.connect(listener.address, { signal: AbortSignal.abort(reason) }), reason);
    await listener.close();
  });
});

test('a connection that the system does not watch ends with its error', () => {
  const directory = mkdtempSync(join(tmpdir(), 'unwatched-'));
  const library = join(directory, 'watches-nothing.so');
  const support = (name: string): string => join(import.meta.dirname, 'support', name);
  try {
    execFileSync(process.env['CXX'] ?? 'g++', [
      '-shared',
      '-fPIC',
      '-o',
      library,
      support('watches-nothing.cc'),
      '-ldl',
    ]);
    // A sanitizer's own library must come first, and is one of those that are preloaded then.
    const preloaded = [process.env['LD_PRELOAD'], library].filter((name) => name !== undefined).join(' ');
    const env = { ...process.env, LD_PRELOAD: preloaded };
    const said = execFileSync(process.execPath, [support('unwatched.ts')], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.match(said, /^read: read ENOSPC\nwrite: read ENOSPC\nconnect: connect ENOSPC 127\.0\.0\.1:\d+\n$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
