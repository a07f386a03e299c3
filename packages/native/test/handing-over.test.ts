import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createNativeEngine } from '../lib/index.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import {
  LOOPBACK,
  accept,
  client,
  listen,
  openDescriptors,
  pair,
  readToEnd,
  temporaryPath,
} from './support/sockets.ts';
import { until } from '../../socketserver/test/support/until.ts';

const engine = createNativeEngine();
const ECHO_THREAD = new URL('./support/echo-thread.ts', import.meta.url);
const ECHO_PROCESS = new URL('./support/echo-process.ts', import.meta.url);

for (const transport of ['TCP', 'Unix']) {
  const newAddress = () => (transport === 'TCP' ? LOOPBACK : temporaryPath());

  describe(`over ${transport}`, () => {
    test('connections move to a thread, with what has arrived', async () => {
      const worker = new Worker(ECHO_THREAD);
      await once(worker, 'message');
      const before = openDescriptors();
      const listener = listen(newAddress());
      for (let i = 0; i < 20; i++) {
        const peer = await client(listener.address);
        const connection = await accept(listener);
        peer.end(`to a thread ${i}`);
        connection.write(Buffer.from('from here, '));
        const { message } = connection.handOver('thread');
        assert.equal(connection.isClosed, true);
        assert.equal(connection.fd, -1);
        worker.postMessage(message, []);
        assert.equal((await readToEnd(peer)).toString(), `from here, to a thread ${i}`);
      }
      await listener.close();
      worker.postMessage('addresses?', []);
      const [addresses] = (await once(worker, 'message')) as [unknown];
      assert.deepEqual(addresses, listener.address);
      await until(() => openDescriptors() <= before);
      await worker.terminate();
    });

    test('connections move to a process', async () => {
      const child = fork(ECHO_PROCESS);
      await once(child, 'message');
      const listener = listen(newAddress());
      const peer = await client(listener.address);
      const connection = await accept(listener);
      peer.end('to a process');
      const { message, handle } = connection.handOver('process');
      child.send(message as object, handle);
      assert.equal((await readToEnd(peer)).toString(), 'to a process');
      await listener.close();
      child.disconnect();
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    });

    test('a connection goes on as a Node socket, unread bytes first', async () => {
      const { peer, sink } = await pair(newAddress());
      peer.write('early ');
      const early = await sink.readAtLeast(6);
      peer.end('late');
      sink.connection.write(Buffer.from('before, '));
      const socket = sink.connection.toSocket(early) as Socket;
      assert.equal(sink.connection.isClosed, true);
      assert.equal(socket.allowHalfOpen, true);
      const [received] = await Promise.all([readToEnd(socket), socket.write('after')]);
      assert.equal(received.toString(), 'early late');
      socket.end();
      assert.equal((await readToEnd(peer)).toString(), 'before, after');
      sink.connection.resume();
      sink.connection.write(Buffer.from('ignored'));
      sink.connection.close();
    });
  });
}

test('a descriptor that means another socket by now is not adopted', async () => {
  const listener = listen();
  const peer = await client(listener.address);
  const connection = await accept(listener);
  const { message } = connection.handOver('thread');
  const stale = { ...(message as { inode: number }), inode: 1 };
  assert.throws(() => engine.adopt({ message: stale }), { code: 'ESTALE' });
  const file = openSync('/dev/null', 'r');
  assert.throws(() => engine.adopt({ message: { native: file } }), { code: 'ENOTSOCK' });
  closeSync(file);
  assert.throws(() => engine.adopt({ message: { native: listener.fd } }), { code: 'EINVAL' });
  assert.throws(() => engine.adopt({ message: { native: 100_000 } }), { code: 'EBADF' });
  assert.throws(() => engine.adopt({ message: {} }), TypeError);
  const adopted = new CollectingSink(engine.adopt({ message }));
  adopted.connection.close();
  assert.equal((await readToEnd(peer)).length, 0);
  peer.destroy();
  await listener.close();
});

test('an inherited listening socket is adopted, a socket of the wrong kind is not', async () => {
  const listener = listen();
  const fd = engine.binding.duplicate(listener.fd);
  await listener.close();
  assert.throws(
    () => engine.adoptDatagram(fd, { maxPacketSize: 100, maxPending: 1, whenFull: 'drop-newest' }),
    {
      code: 'EPROTOTYPE',
    },
  );
  const adopted = engine.adoptListener(fd);
  assert.deepEqual(adopted.address, listener.address);
  const peer = await client(adopted.address);
  const connection = await accept(adopted);
  connection.close();
  peer.destroy();
  await adopted.close();
});

test('an inherited socket is adopted once', async () => {
  const listener = listen();
  assert.throws(() => engine.adoptListener(listener.fd), { code: 'EEXIST' });
  const [peer, connection] = await Promise.all([client(listener.address), accept(listener)]);
  connection.close();
  peer.destroy();
  await listener.close();
});

test('an inherited datagram socket is adopted', async () => {
  const options = {
    reuseAddress: false,
    reusePort: false,
    ipv6Only: false,
    maxPacketSize: 100,
    whenFull: 'drop-newest' as const,
    maxPending: 1,
  };
  const port = engine.bindDatagram(LOOPBACK, { ...options, whenFull: 'drop-oldest' });
  const fd = engine.binding.duplicate(port.fd);
  await port.close();
  const adopted = engine.adoptDatagram(fd, options);
  assert.deepEqual(adopted.address, port.address);
  await adopted.close();
});
