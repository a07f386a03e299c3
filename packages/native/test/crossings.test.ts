import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { NativeConnection } from '../lib/connection.ts';
import type { SocketAddress } from '../lib/contract.ts';
import { createNativeEngine } from '../lib/index.ts';
import {
  LOOPBACK,
  accept,
  client,
  listen,
  openDescriptors,
  readToEnd,
  temporaryPath,
} from './support/sockets.ts';
import { until } from '../../socketserver/test/support/until.ts';

const engine = createNativeEngine();
const FAR_SHORE = new URL('./support/far-shore.ts', import.meta.url);

interface Arrival {
  readonly remoteAddress: SocketAddress;
  readonly localAddress: SocketAddress;
  readonly notes: unknown;
}

async function farShore(crossing: number): Promise<Worker> {
  const thread = new Worker(FAR_SHORE, { workerData: { crossing } });
  await once(thread, 'message');
  return thread;
}

async function accepted(address: SocketAddress): Promise<{ peer: Socket; connection: NativeConnection }> {
  const listener = listen(address);
  const [peer, connection] = await Promise.all([client(listener.address), accept(listener)]);
  await listener.close();
  return { peer, connection: connection as NativeConnection };
}

/** Resolves when the other end of a client is closed or reset. */
function whenClosed(peer: Socket): Promise<unknown> {
  peer
    .on('error', () => {})
    .on('end', () => peer.end())
    .resume();
  return new Promise((resolve) => peer.once('close', resolve));
}

const notes = { id: 1, requestId: 2, after: 0 };

const addresses: readonly (readonly [name: string, address: () => SocketAddress])[] = [
  ['IPv4', () => LOOPBACK],
  ['IPv6', () => ['::1', 0]],
  ['Unix', temporaryPath],
];

for (const [name, address] of addresses) {
  test(`a connection of ${name} crosses with its bytes, its addresses and its notes`, async () => {
    const crossing = engine.openCrossing();
    const thread = await farShore(crossing.number);
    const { peer, connection } = await accepted(address());
    const { remoteAddress, localAddress } = connection;
    peer.end('from the near shore');
    connection.write(Buffer.from('and back: '));
    assert.deepEqual(connection.handOver('thread', crossing), { message: undefined, leaving: connection });
    const large = { id: 2 ** 40 + 1, requestId: 2 ** 52, after: 0 };
    crossing.send(connection, large);
    assert.equal(connection.isClosed, true);
    assert.equal(connection.fd, -1);
    const [arrival] = (await once(thread, 'message')) as [Arrival];
    assert.deepEqual(arrival, { remoteAddress, localAddress, notes: large });
    assert.equal((await readToEnd(peer)).toString(), 'and back: from the near shore');
    await thread.terminate();
    crossing.close();
  });
}

test('more cross at once than one batch holds, and than the far side has slots for, in order', async () => {
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const before = openDescriptors();
  const listener = listen(LOOPBACK, 512);
  const arrived: number[] = [];
  const all = Promise.withResolvers<void>();
  const count = 300;
  thread.on('message', ({ notes: { id } }: { notes: { id: number } }) => {
    if (arrived.push(id) === count) all.resolve();
  });
  const peers = await Promise.all(Array.from({ length: count }, () => client(listener.address)));
  const connections: NativeConnection[] = [];
  for (let index = 0; index < count; index += 1)
    connections.push((await accept(listener)) as NativeConnection);
  connections.forEach((connection, id) => crossing.send(connection, { ...notes, id }));
  for (const peer of peers) peer.end('x');
  for (const peer of peers) assert.equal((await readToEnd(peer)).toString(), 'x');
  await all.promise;
  assert.deepEqual(
    arrived,
    Array.from({ length: count }, (_, index) => index),
  );
  await listener.close();
  await until(() => openDescriptors() <= before);
  await thread.terminate();
  crossing.close();
});

test('who is on the way before the far side has joined waits for it', async () => {
  const crossing = engine.openCrossing();
  const { peer, connection } = await accepted(LOOPBACK);
  crossing.send(connection, notes);
  peer.end('early');
  const thread = await farShore(crossing.number);
  assert.equal((await readToEnd(peer)).toString(), 'early');
  await thread.terminate();
  crossing.close();
});

test('an error at one arrival costs those that came with it nothing', async () => {
  const crossing = engine.openCrossing();
  const [first, second, third] = [
    await accepted(LOOPBACK),
    await accepted(LOOPBACK),
    await accepted(LOOPBACK),
  ];
  crossing.send(first.connection, notes);
  crossing.send(second.connection, { ...notes, after: -1 });
  crossing.send(third.connection, notes);
  first.peer.end('first');
  third.peer.end('third');
  const thread = new Worker(FAR_SHORE, { workerData: { crossing: crossing.number } });
  const news: unknown[] = [];
  thread.on('message', (message) => news.push(message));
  assert.equal((await readToEnd(first.peer)).toString(), 'first');
  assert.equal((await readToEnd(second.peer)).toString(), '');
  assert.equal((await readToEnd(third.peer)).toString(), 'third');
  while (!news.includes('thrown at an arrival')) await once(thread, 'message');
  await thread.terminate();
  crossing.close();
});

test('what was sent before a message can be received with it', async () => {
  const crossing = engine.openCrossing();
  const thread = await farShore(crossing.number);
  const { peer, connection } = await accepted(LOOPBACK);
  const news: unknown[] = [];
  thread.on('message', (message) => news.push(message));
  crossing.send(connection, notes);
  thread.postMessage('receive', []);
  while (news.length < 2) await once(thread, 'message');
  assert.equal(news[1], 'received');
  peer.destroy();
  await thread.terminate();
  crossing.close();
});

describe('a thread that takes nothing any more', () => {
  test('leaves nobody open who is on the way', async () => {
    const crossing = engine.openCrossing();
    const before = openDescriptors();
    const thread = await farShore(crossing.number);
    thread.postMessage('block', []);
    await once(thread, 'message');
    const pairs = [await accepted(LOOPBACK), await accepted(LOOPBACK)];
    const closed = pairs.map(({ peer }) => whenClosed(peer));
    for (const { connection } of pairs) crossing.send(connection, notes);
    await thread.terminate();
    crossing.close();
    await Promise.all(closed);
    await until(() => openDescriptors() <= before);
  });

  test('takes who has arrived down with it', async () => {
    const crossing = engine.openCrossing();
    const thread = await farShore(crossing.number);
    const { peer, connection } = await accepted(LOOPBACK);
    crossing.send(connection, notes);
    await once(thread, 'message');
    const closed = whenClosed(peer);
    await thread.terminate();
    await closed;
    crossing.close();
  });
});

test('a near side that ends resets who is on the way', async () => {
  const address = listen(LOOPBACK);
  const peers = [await client(address.address)];
  const near = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads');
     import(workerData.engineModule).then(({ createNativeEngine }) => {
       const engine = createNativeEngine();
       const crossing = engine.openCrossing();
       engine.connect(workerData.address).then((connection) => {
         crossing.send(connection, { id: 1, requestId: 1, after: 0 });
         parentPort.postMessage(crossing.number);
       });
     });`,
    {
      eval: true,
      workerData: {
        engineModule: new URL('../lib/index.ts', import.meta.url).href,
        address: address.address,
      },
    },
  );
  const first = await accept(address);
  first.close();
  const other = await accept(address);
  const gone = new Promise<Error | undefined>((resolve) => {
    other.start({ received: () => true, ended() {}, drained() {}, closed: resolve });
  });
  other.resume();
  const [number] = (await once(near, 'message')) as [number];
  await near.terminate();
  assert.equal(((await gone) as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.throws(() => engine.joinCrossing(number, () => {}), { code: 'ENOENT' });
  for (const peer of peers) peer.destroy();
  await address.close();
});

describe('a crossing', () => {
  test('that is closed resets who is on the way, and leaves no descriptor', async () => {
    const crossing = engine.openCrossing();
    const { peer, connection } = await accepted(LOOPBACK);
    const before = openDescriptors();
    crossing.send(connection, notes);
    assert.equal(openDescriptors(), before);
    const reset = once(peer, 'error') as Promise<[NodeJS.ErrnoException]>;
    crossing.close();
    crossing.close();
    assert.equal((await reset)[0].code, 'ECONNRESET');
    assert.ok(openDescriptors() < before);
  });

  test('that is closed, or never was, is not joined', () => {
    const crossing = engine.openCrossing();
    crossing.close();
    assert.throws(() => engine.joinCrossing(crossing.number, () => {}), { code: 'ENOENT' });
    assert.throws(() => engine.joinCrossing(1_000_000, () => {}), { code: 'ENOENT' });
  });

  test('takes nobody once it is closed, and the connection stays', async () => {
    const crossing = engine.openCrossing();
    crossing.close();
    const { peer, connection } = await accepted(LOOPBACK);
    assert.throws(() => crossing.send(connection, notes), { code: 'ENOENT' });
    assert.equal(connection.isClosed, false);
    connection.close();
    assert.equal((await readToEnd(peer)).length, 0);
    peer.destroy();
  });

  test('takes nobody whose bytes are not all sent, and the connection stays', async () => {
    const crossing = engine.openCrossing();
    const { peer, connection } = await accepted(LOOPBACK);
    const bytes = Buffer.alloc(16 * 1024 * 1024);
    assert.equal(connection.write(bytes), false);
    assert.throws(() => crossing.send(connection, notes), { code: 'EBUSY' });
    assert.equal(connection.isClosed, false);
    const closed = whenClosed(peer);
    connection.reset();
    await closed;
    crossing.close();
  });

  test('is the only one of its far side', async () => {
    const crossing = engine.openCrossing();
    const thread = await farShore(crossing.number);
    thread.postMessage('join again', []);
    assert.deepEqual(await once(thread, 'message'), ['EALREADY']);
    await thread.terminate();
    crossing.close();
  });
});
