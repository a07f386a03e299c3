import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Datagram, DatagramBindOptions, DatagramPort, SocketAddress } from '../lib/contract.ts';
import { createNativeEngine, sdNotify } from '../lib/index.ts';
import { greet, receiveBurst, sendBurst } from './support/bursts.ts';
import { BIND, LOOPBACK, ready, temporaryPath } from './support/sockets.ts';

const run = promisify(execFile);
const engine = createNativeEngine();
const OPTIONS: DatagramBindOptions = {
  ...BIND,
  maxPacketSize: 8192,
  maxPending: 64,
  whenFull: 'drop-oldest',
};

function bind(address: SocketAddress = LOOPBACK, options: Partial<DatagramBindOptions> = {}): DatagramPort {
  return engine.bindDatagram(address, { ...OPTIONS, ...options });
}

async function receive(port: DatagramPort): Promise<Datagram> {
  for (;;) {
    const datagram = port.receive();
    if (datagram !== undefined) return datagram;
    await ready(port);
  }
}

async function nodeClient(type: 'udp4' | 'udp6', address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket(type);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

/** What `support/sends-bursts.ts` sends. */
const sentBursts = [
  [1000, 1000, 1000, 7],
  [900, 900, 20, 20],
  Array.from({ length: 40 }, (_, index) => 1000 + (index >> 2)),
].map((sizes) => sizes.map((size) => [size, true]));

/** Runs a command in a network of its own. */
function apart(...command: readonly string[]): readonly [file: string, args: readonly string[]] {
  return ['unshare', ['--map-root-user', '--net', ...command]];
}

/** The options of a test that runs apart: it is skipped where the system does not let us. */
function needsApart(setUp: string): { readonly skip: string | false } {
  const { error, status, stderr } = spawnSync(...apart('sh', '-c', setUp), { encoding: 'utf8' });
  if (status === 0) return { skip: false };
  return { skip: `no network of its own: ${error?.message ?? stderr.trim()}` };
}

/** Sends bursts over the loopback interface that a command sets up. @returns what came. */
async function burstsOver(setUp: string, { sendBufferBytes }: { sendBufferBytes: number }): Promise<unknown> {
  const program = fileURLToPath(new URL('./support/sends-bursts.ts', import.meta.url));
  const { stdout } = await run(...apart(process.execPath, program, setUp, String(sendBufferBytes)));
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const narrow = 'ip link set lo mtu 600 up';
const slow = 'ip link set lo up && tc qdisc add dev lo root tbf rate 80mbit burst 4kb latency 2s';

describe('a UDP port', () => {
  for (const [type, host] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const) {
    test(`answers the sender over ${type}`, async () => {
      const port = bind([host, 0]);
      const socket = await nodeClient(type, host);
      socket.send('ping', Number(port.address[1]), host);
      const { bytes, remoteAddress, truncated } = await receive(port);
      assert.equal(bytes.toString(), 'ping');
      assert.deepEqual(remoteAddress, [host, socket.address().port]);
      assert.equal(truncated, false);
      const answered = once(socket, 'message');
      assert.equal(port.send(Buffer.from('pong'), remoteAddress), undefined);
      const [message, from] = (await answered) as [Buffer, dgram.RemoteInfo];
      assert.equal(message.toString(), 'pong');
      assert.deepEqual([from.address, from.port], port.address);
      socket.close();
      await port.close();
      assert.equal(port.fd, -1);
    });
  }

  test('keeps many datagrams of many sizes apart and in order', async () => {
    const port = bind(LOOPBACK, { receiveBufferBytes: 4 * 1024 * 1024 });
    const sender = bind();
    const sizes = [0, 1, 64, 700, 8192, 3, 5000];
    const count = 200;
    for (let i = 0; i < count; i++) {
      await sender.send(Buffer.alloc(sizes[i % sizes.length]!, i), port.address);
      if (i % 50 === 49) await new Promise(setImmediate);
    }
    const received: Datagram[] = [];
    while (received.length < count) received.push(await receive(port));
    received.forEach((datagram, i) => {
      assert.deepEqual(datagram.bytes, Buffer.alloc(sizes[i % sizes.length]!, i));
      assert.deepEqual(datagram.remoteAddress, sender.address);
    });
    assert.equal(port.isReady, false);
    await sender.close();
    await port.close();
  });

  test('sends bursts to several hosts as the datagrams that they are, each in order', async () => {
    const port = bind();
    const bursts = [
      [64, 64, 64, 64],
      [64, 64, 10, 64, 64, 65, 0, 64, 0, 0, 1, 1],
      [1232, 1232, 1231, 1233, 1233, 8192, 8192, 1],
      Array.from({ length: 130 }, () => 3),
      Array.from({ length: 60 }, () => 1200),
    ];
    const clients = await Promise.all(bursts.map(() => nodeClient('udp4', '127.0.0.1')));
    const received = bursts.map(({ length }, index) => receiveBurst(clients[index]!, length));
    const addresses: SocketAddress[] = [];
    for (const client of clients) addresses.push(await greet(port, client));
    bursts.forEach((sizes, index) => sendBurst(port, addresses[index]!, sizes));
    for (const [index, sizes] of bursts.entries()) {
      assert.deepEqual(
        await received[index],
        sizes.map((size) => [size, true]),
      );
    }
    for (const client of clients) client.close();
    await port.close();
  });

  test(
    'sends datagrams of a burst one by one where they do not pass together',
    needsApart(narrow),
    async () => {
      assert.deepEqual(await burstsOver(narrow, { sendBufferBytes: 65_536 }), sentBursts);
    },
  );

  test('keeps what the kernel has no room for in a burst, and sends it later', needsApart(slow), async () => {
    assert.deepEqual(await burstsOver(slow, { sendBufferBytes: 4096 }), sentBursts);
  });

  test('says when a datagram was cut off', async () => {
    const port = bind(LOOPBACK, { maxPacketSize: 10 });
    const sender = bind();
    await sender.send(Buffer.from('exactly 10'), port.address);
    await sender.send(Buffer.from('more than ten'), port.address);
    const whole = await receive(port);
    const cut = await receive(port);
    assert.deepEqual([whole.bytes.toString(), whole.truncated], ['exactly 10', false]);
    assert.deepEqual([cut.bytes.toString(), cut.truncated], ['more than ', true]);
    await sender.close();
    await port.close();
  });

  test('throws what is wrong with a datagram', async () => {
    const port = bind();
    assert.throws(() => port.send(Buffer.alloc(65_508), port.address), { code: 'EMSGSIZE', syscall: 'send' });
    assert.throws(() => port.send(Buffer.from('x'), ['255.255.255.255', 9]), { code: /EACCES|ENETUNREACH/ });
    assert.throws(() => port.send(Buffer.from('x'), ['example.invalid', 9]), { code: 'EINVAL' });
    port.setBroadcast(true);
    await port.close();
    assert.throws(() => port.send(Buffer.from('x'), ['127.0.0.1', 9]), { code: 'EBADF' });
  });

  test('reaches IPv4 from an IPv6 wildcard socket', async () => {
    const port = bind(['::', 0]);
    const socket = await nodeClient('udp4', '127.0.0.1');
    socket.send('four', Number(port.address[1]), '127.0.0.1');
    const { remoteAddress } = await receive(port);
    assert.deepEqual(remoteAddress, ['::ffff:127.0.0.1', socket.address().port]);
    const answered = once(socket, 'message');
    await port.send(Buffer.from('four'), remoteAddress);
    await answered;
    const again = once(socket, 'message');
    await port.send(Buffer.from('four'), ['127.0.0.1', socket.address().port]);
    await again;
    socket.close();
    await port.close();
  });

  test('wakes once per notify(), and not after it was cancelled', async () => {
    const port = bind();
    const sender = bind();
    let wakes = 0;
    await sender.send(Buffer.from('1'), port.address);
    await sender.send(Buffer.from('2'), port.address);
    await ready(port);
    port.receive();
    port.notify(() => wakes++);
    assert.equal(wakes, 0);
    await new Promise(setImmediate);
    assert.equal(wakes, 1);
    port.notify(() => wakes++);
    port.notify(undefined);
    await new Promise(setImmediate);
    assert.equal(wakes, 1);
    await sender.close();
    await port.close();
  });

  test('joins a multicast group on the loopback interface', async () => {
    const port = bind(['0.0.0.0', 0]);
    port.addMembership('239.1.2.3', '127.0.0.1');
    const sender = bind();
    sender.setMulticastInterface('127.0.0.1');
    sender.setMulticastTTL(1);
    sender.setMulticastLoopback(true);
    await sender.send(Buffer.from('all'), ['239.1.2.3', Number(port.address[1])]);
    assert.equal((await receive(port)).bytes.toString(), 'all');
    port.dropMembership('239.1.2.3', '127.0.0.1');
    assert.throws(() => port.addMembership('10.0.0.1'), { code: 'EINVAL' });
    await sender.close();
    await port.close();
  });

  test('throws when its port is taken', async () => {
    const port = bind();
    const options = { ...OPTIONS, reuseAddress: false };
    assert.throws(() => engine.bindDatagram(port.address, options), { code: 'EADDRINUSE', syscall: 'bind' });
    await port.close();
  });
});

describe('a Unix datagram port', () => {
  test('exchanges datagrams by path and by abstract name', async () => {
    const path = temporaryPath();
    const server = bind(path);
    const client = bind(`\0ssn-client-${process.pid}`);
    assert.equal(server.address, path);
    await client.send(Buffer.from('question'), path);
    const { bytes, remoteAddress } = await receive(server);
    assert.equal(bytes.toString(), 'question');
    assert.equal(remoteAddress, client.address);
    await server.send(Buffer.from('answer'), remoteAddress);
    const answer = await receive(client);
    assert.equal(answer.bytes.toString(), 'answer');
    assert.equal(answer.remoteAddress, path);
    await client.close();
    await server.close();
    rmSync(path);
  });

  test('gets a name from the kernel where it is bound to none, and hears from unnamed senders', async () => {
    const server = bind('');
    assert.match(String(server.address), /^\0[0-9a-f]{5}$/);
    sdNotify(String(server.address), 'READY=1');
    const { bytes, remoteAddress } = await receive(server);
    assert.equal(bytes.toString(), 'READY=1');
    assert.equal(remoteAddress, '');
    await server.close();
  });

  test('throws when nobody is there', async () => {
    const port = bind('');
    assert.throws(() => port.send(Buffer.from('x'), '/nowhere/at/all'), { code: 'ENOENT', syscall: 'send' });
    await port.close();
  });

  test('waits for a receiver whose queue is full, and loses nothing', async () => {
    const server = bind('');
    const client = bind('');
    const count = 300;
    const sends = Array.from({ length: count }, (_, i) => client.send(Buffer.from(`${i}`), server.address));
    assert.ok(sends.some((send) => send instanceof Promise));
    for (let i = 0; i < count; i++) assert.equal((await receive(server)).bytes.toString(), `${i}`);
    await Promise.all(sends);
    await client.close();
    await server.close();
  });

  test('rejects what still waits when it closes', async () => {
    const server = bind('');
    const client = bind('');
    let waiting: Promise<void> | undefined;
    for (let i = 0; waiting === undefined && i < 10_000; i++)
      waiting = client.send(Buffer.alloc(1000), server.address);
    const failed = assert.rejects(waiting!, { code: 'ECANCELED' });
    await client.close();
    await failed;
    await server.close();
  });
});
