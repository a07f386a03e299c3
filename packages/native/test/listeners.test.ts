import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync, closeSync, statSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createNativeEngine } from '../lib/index.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import { BIND, LOOPBACK, accept, client, listen, ready, temporaryPath } from './support/sockets.ts';

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
