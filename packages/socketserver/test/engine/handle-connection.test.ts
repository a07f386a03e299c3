import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Connection, ConnectionSink, Listener } from '../../src/engine/contract/connection.ts';
import { nodeEngine } from '../../src/engine/node/node-engine.ts';
import { until } from '../support/until.ts';

const options = { reuseAddress: true, reusePort: false, ipv6Only: false };

async function accept(listener: Listener): Promise<Connection> {
  for (;;) {
    const connection = listener.accept();
    if (connection !== undefined) return connection;
    await new Promise<void>((resolve) => listener.notify(resolve));
  }
}

async function openPair(): Promise<{ readonly client: Connection; readonly server: Connection }> {
  const listener = nodeEngine.bindStream(['127.0.0.1', 0], options);
  listener.listen(5);
  const [client, server] = await Promise.all([nodeEngine.connect(listener.address), accept(listener)]);
  await listener.close();
  return { client, server };
}

/** Starts a connection. @returns what it is told, and its close. */
function listen(connection: Connection) {
  const news: string[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<Error | undefined>();
  const sink: ConnectionSink = {
    received(bytes) {
      news.push(bytes.toString('latin1'));
      return true;
    },
    ended: () => void news.push('ended'),
    drained: () => void news.push('drained'),
    closed: resolve,
  };
  connection.start(sink);
  return { news, closed };
}

/** As Node makes them. */
function systemErrorOf(syscall: string, code: 'ECONNRESET' | 'EPIPE'): Error {
  const errno = -constants.errno[code];
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall });
}

describe('a connection of the node engine on a bare handle', () => {
  it('is reset for its peer, too, while the end of its side waits behind writes', async () => {
    const { client, server } = await openPair();
    const { closed } = listen(server);
    const peer = listen(client);
    assert.equal(server.write(Buffer.alloc(16 * 1024 * 1024)), false);
    server.endWrite();
    server.reset();
    assert.equal(await closed, undefined);
    assert.equal(server.fd, -1);
    client.resume();
    assert.deepEqual(await peer.closed, systemErrorOf('read', 'ECONNRESET'));
    assert.ok(!peer.news.includes('ended'));
  });

  it('is reset for its peer, too, in the turn in which its side ends', async () => {
    const { client, server } = await openPair();
    const { closed } = listen(server);
    const peer = listen(client);
    server.resume();
    server.endWrite();
    server.reset();
    server.reset();
    assert.equal(await closed, undefined);
    client.write(Buffer.from('is anybody there?')); // a peer that has only ended would take it
    assert.deepEqual(await peer.closed, systemErrorOf('write', 'EPIPE'));
  });

  it('ends its side when what was written before is out', async () => {
    const { client, server } = await openPair();
    const sending = listen(server);
    const receiving = listen(client);
    assert.equal(server.write(Buffer.alloc(16 * 1024 * 1024)), false);
    server.endWrite();
    client.resume();
    await until(() => receiving.news.at(-1) === 'ended');
    assert.equal(receiving.news.slice(0, -1).join('').length, 16 * 1024 * 1024);
    assert.deepEqual(sending.news, ['drained']);
    client.endWrite();
    server.resume();
    assert.deepEqual(await Promise.all([sending.closed, receiving.closed]), [undefined, undefined]);
  });

  it('closes by itself when both sides have ended', async () => {
    const { client, server } = await openPair();
    const ends = [listen(client), listen(server)] as const;
    client.write(Buffer.from('hello'));
    client.endWrite();
    server.resume();
    client.resume();
    server.endWrite();
    assert.deepEqual(await Promise.all(ends.map(({ closed }) => closed)), [undefined, undefined]);
    assert.deepEqual(ends[1].news, ['hello', 'ended']);
  });

  it('sends what waits before it closes, and tells nobody of it any more', async () => {
    const { client, server } = await openPair();
    const sending = listen(server);
    const receiving = listen(client);
    assert.equal(server.write(Buffer.alloc(16 * 1024 * 1024)), false);
    assert.equal(server.write(Buffer.from('last')), false);
    server.close();
    client.resume();
    client.endWrite();
    assert.equal(await sending.closed, undefined);
    await receiving.closed;
    const received = receiving.news.filter((text) => text !== 'ended').join('');
    assert.equal(received.length, 16 * 1024 * 1024 + 4);
    assert.equal(received.slice(-4), 'last');
    assert.deepEqual(sending.news, []);
  });

  it('fails with the error of the system when the peer resets it', async () => {
    const { client, server } = await openPair();
    const { closed } = listen(server);
    server.resume();
    client.reset();
    assert.deepEqual(await closed, systemErrorOf('read', 'ECONNRESET'));
  });

  it('goes on as a socket that has the unread bytes in front', async () => {
    const { client, server } = await openPair();
    const { news } = listen(server);
    client.write(Buffer.from('one'));
    server.resume();
    await until(() => news.length > 0);
    const socket = server.toSocket(Buffer.from('zero'));
    client.write(Buffer.from('two'));
    client.endWrite();
    let text = '';
    for await (const chunk of socket!) text += String(chunk);
    assert.equal(text, 'zerotwo');
    assert.deepEqual(news, ['one']);
    assert.equal(server.toSocket(), undefined);
    client.reset();
  });
});

/** An echo through the node engine, in a process of its own. */
const program = `
  const { ConcurrentTCPServer, BaseRequestHandler, connect } = await import(process.argv[1]);
  class Echo extends BaseRequestHandler {
    async handle() {
      await this.request.sendall(await this.request.recv(100));
    }
  }
  await using server = new ConcurrentTCPServer(['127.0.0.1', 0], Echo, { engine: 'node' });
  void server.serveForever();
  const socket = await connect(server.serverAddress);
  await socket.sendall('hello');
  console.log((await socket.recv(100)).toString());
  socket.close();
`;

describe('the node engine, where Node keeps its inner parts to itself', () => {
  it('serves all the same', () => {
    const index = pathToFileURL(new URL('../../src/index.ts', import.meta.url).pathname).href;
    const restricted = ['--permission', '--allow-fs-read=*', '--no-warnings'];
    const args = [...restricted, '--input-type=module', '--eval', program, index];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(stdout, 'hello\n', stderr);
    assert.equal(status, 0);
  });
});
