import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  delimited,
  type EngineChoice,
  TCPServer,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { engines } from '../support/engines.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { type SocketPair, socketPair } from '../support/socket-pair.ts';
import { assertEndGoesAlong } from './end-goes-along.ts';
import { until } from '../support/until.ts';

const address = ['127.0.0.1', 0] as const;

/** What each of these does with a detached socket is refused. */
const laterUses: Readonly<Record<string, (socket: SocketPair['peer']) => unknown>> = {
  recv: (socket) => socket.recv(1),
  readExactly: (socket) => socket.readExactly(1),
  readUntil: (socket) => socket.readUntil('\n'),
  readline: (socket) => socket.readline(),
  peek: (socket) => socket.peek(1),
  lines: (socket) => socket.lines().next(),
  chunks: (socket) => socket[Symbol.asyncIterator]().next(),
  frames: (socket) => socket.frames(delimited('\n')).read(),
  write: (socket) => socket.frames(delimited('\n')).write('x'),
  waitForEnd: (socket) => socket.waitForEnd(),
  sendall: (socket) => socket.sendall('x'),
  send: (socket) => socket.send('x'),
  sendfile: (socket) => socket.sendfile('/dev/null'),
  shutdown: (socket) => socket.shutdown('both'),
  settimeout: (socket) => socket.settimeout(1),
  setNoDelay: (socket) => socket.setNoDelay(),
  setKeepAlive: (socket) => socket.setKeepAlive(),
  startTLS: (socket) => socket.startTLS({ serverName: 'localhost' }),
  detach: (socket) => socket.detach(),
};

for (const [engineName, createEngine] of engines) {
  const isSlow = engineName.endsWith('byte');

  describe(`a connection that is detached, on the ${engineName} engine`, () => {
    const pair = () => socketPair(createEngine());

    it('brings every byte: those looked at, behind a line, behind a frame, and those to come', async () => {
      await using ends = await pair();
      await ends.client.sendall('line\nframe;peeked');
      assert.equal((await ends.peer.readline()).toString(), 'line\n');
      assert.equal((await ends.peer.frames(delimited(';')).read())!.toString(), 'frame');
      await ends.peer.peek(1);
      const stream = ends.peer.detach();
      await ends.client.sendall(' and later');
      ends.client.shutdown('write');
      assert.equal(await text(stream), 'peeked and later');
      stream.end('answer');
      assert.equal((await readAll(ends.client)).toString(), 'answer');
    });

    it('can be detached before its first use', async () => {
      await using ends = await pair();
      const stream = ends.peer.detach();
      assert.equal(stream instanceof Socket, !engineName.startsWith('memory'));
      await ends.client.sendall('hello');
      ends.client.shutdown('write');
      assert.equal(await text(stream), 'hello');
      stream.end();
    });

    it('loses nothing of what comes while its signal reads ahead', async () => {
      if (isSlow) return;
      await using ends = await pair();
      const { signal } = ends.peer;
      const question = Buffer.alloc(300_000, 'q');
      const sending = ends.client.sendall(question);
      await ends.peer.peek(1);
      const stream = ends.peer.detach();
      const reading = buffer(stream);
      await sending;
      ends.client.shutdown('write');
      assert.deepEqual(await reading, question);
      assert.equal(signal.aborted, false);
      stream.end();
      await Promise.all([once(signal, 'abort'), readAll(ends.client)]);
    });

    it('still shows the end of a peer that had ended, and what that had sent', async () => {
      for (const readBefore of ['nothing', 'the end'] as const) {
        await using ends = await pair();
        await assertEndGoesAlong(ends, readBefore);
      }
    });

    it('brings what was unread of a connection that is over on both sides', async () => {
      await using ends = await pair();
      await ends.client.sendall('last words');
      ends.client.shutdown('write');
      ends.peer.shutdown('write');
      await ends.peer.waitForEnd();
      await readAll(ends.client);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      const stream = ends.peer.detach();
      assert.equal(await text(stream), 'last words');
      if (!stream.closed) await once(stream, 'close');
    });

    it('stays ended for writing where it was', async () => {
      await using ends = await pair();
      ends.peer.shutdown('write');
      const stream = ends.peer.detach();
      assert.equal(stream.writableEnded, true);
      assert.equal((await readAll(ends.client)).length, 0);
      await ends.client.sendall('still read');
      ends.client.shutdown('write');
      assert.equal(await text(stream), 'still read');
    });

    it('sends what was sent before first, also where that is still on its way', async () => {
      if (isSlow) return;
      await using ends = await pair();
      const line = Buffer.alloc(8_000, '.');
      let sent = 0;
      const last = { isTaken: true };
      for (; last.isTaken; sent += line.length) {
        last.isTaken = false;
        void ends.peer.sendall(line).then(() => (last.isTaken = true));
        for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
      }
      assert.throws(() => ends.peer.detach(), {
        name: 'TypeError',
        message: 'Cannot detach: every read and send of this socket must have ended first',
      });
      let received = 0;
      while (!last.isTaken) received += (await ends.client.recv(65_536)).length;
      // The native engine takes copies while the kernel takes no more; the others make their senders wait.
      if (engineName === 'native') {
        await Promise.all([line, line, line].map((more) => ends.peer.sendall(more)));
        sent += 3 * line.length;
      }
      const stream = ends.peer.detach();
      stream.resume().end('the end');
      const rest = await readAll(ends.client);
      assert.equal(received + rest.length, sent + 7);
      assert.ok(rest.toString().endsWith('the end'));
    });

    it('is refused while a read waits', async () => {
      await using ends = await pair();
      const reading = ends.peer.recv(1);
      assert.throws(() => ends.peer.detach(), /Cannot detach: every read and send/);
      await ends.client.sendall('x');
      await reading;
      ends.peer.detach().destroy();
    });

    it('is refused where the connection has failed, with the failure', async () => {
      await using ends = await pair();
      const aborted = once(ends.peer.signal, 'abort');
      ends.client.reset();
      await aborted;
      assert.throws(() => ends.peer.detach(), { code: 'ECONNRESET' });
    });

    it('leaves a socket that refuses everything in words, but knows its facts and bytes', async () => {
      await using ends = await pair();
      await ends.client.sendall('12345');
      await ends.peer.readExactly(2);
      await ends.peer.sendall('abc');
      const peername = ends.client.getsockname();
      const stream = ends.peer.detach();
      for (const [name, use] of Object.entries(laterUses)) {
        await assert.rejects(
          async () => use(ends.peer),
          {
            code: 'CONNECTION_CLOSED',
            message: new RegExp(`^Cannot \\w+: the connection was given away by detach\\(\\)$`),
          },
          name,
        );
      }
      ends.peer.close();
      await ends.peer[Symbol.asyncDispose]();
      assert.deepEqual(ends.peer.getpeername(), peername);
      assert.deepEqual(ends.peer.getsockname(), ends.client.getpeername());
      assert.equal(ends.peer.fileno(), -1);
      assert.equal(stream.destroyed, false);
      ends.client.shutdown('write');
      assert.equal(await text(stream), '345');
      stream.end('defg');
      assert.equal((await readAll(ends.client)).toString(), 'abcdefg');
      if (!stream.closed) await once(stream, 'close');
      assert.equal(ends.peer.bytesRead, 5);
      assert.equal(ends.peer.bytesWritten, 7);
    });

    it('can be detached on the client side', async () => {
      await using ends = await pair();
      const stream = ends.client.detach();
      stream.end('from the client');
      assert.equal((await readAll(ends.peer)).toString(), 'from the client');
      ends.peer.close();
      await text(stream);
    });

    it('is reset by its socket', async () => {
      await using ends = await pair();
      const stream = ends.peer.detach();
      stream.on('error', assert.fail);
      const closing = once(stream, 'close');
      ends.peer.reset();
      await closing;
      await assert.rejects(ends.client.recv(1), { code: 'ECONNRESET' });
    });
  });

  describe(`a server whose handler detaches, on the ${engineName} engine`, () => {
    const start = (use: (stream: Duplex) => Promise<void> | void, engine: EngineChoice, options = {}) => {
      class Detaching extends BaseRequestHandler {
        override async handle() {
          await this.request.readline();
          await use(this.request.detach());
        }
      }
      return new ConcurrentTCPServer(address, Detaching, { engine, ...options });
    };

    it('serves HTTP by node:http behind a line of its own', async () => {
      const engine = createEngine();
      const http = createServer((request, response) => response.end(`${request.method} ${request.url}`));
      const server = start((stream) => void http.emit('connection', stream), engine);
      await using _ = serving(server);
      const client = await connect(server.serverAddress, { engine });
      await client.sendall('mine\nGET /one HTTP/1.1\r\nHost: h\r\n\r\n');
      assert.match((await client.readUntil('\r\n\r\n')).toString(), /^HTTP\/1\.1 200 OK/);
      assert.equal((await client.readExactly(8)).toString(), 'GET /one');
      await client.sendall('GET /two HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      assert.match((await readAll(client)).toString(), /GET \/two$/);
      client.close();
    });

    it('counts the request as served when the handler returns, and the connection until the stream is closed', async () => {
      const engine = createEngine();
      const detached: Duplex[] = [];
      class Detaching extends BaseRequestHandler {
        override handle() {
          detached.push(this.request.detach());
        }
      }
      // Serial: the next client is served although the stream of the first is open.
      const server = new TCPServer(address, Detaching, { engine });
      await using _ = serving(server);
      const first = await connect(server.serverAddress, { engine });
      await until(() => server.stats().served >= 1);
      const second = await connect(server.serverAddress, { engine });
      await until(() => server.stats().served >= 2);
      const [stream, other] = detached as [Duplex, Duplex];
      other.destroy();
      await readAll(second);
      second.close();
      let isClosed = false;
      const closing = server.serverClose().then(() => (isClosed = true));
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      assert.equal(isClosed, false);
      await first.sendall('ping');
      first.shutdown('write');
      assert.equal(await text(stream), 'ping');
      stream.end('pong');
      assert.equal((await readAll(first)).toString(), 'pong');
      first.close();
      await closing;
      assert.equal(stream.destroyed, true);
      const { bytesRead, bytesWritten } = server.stats();
      assert.deepEqual({ bytesRead, bytesWritten }, { bytesRead: 4, bytesWritten: 4 });
    });

    it('counts its connection against the limit until the stream is closed', async () => {
      const engine = createEngine();
      const streams: Duplex[] = [];
      const limits = { maxConnections: 1 };
      const server = start((stream) => void streams.push(stream), engine, { limits });
      await using _ = serving(server);
      const clients = [
        await connect(server.serverAddress, { engine }),
        await connect(server.serverAddress, { engine }),
      ];
      for (const client of clients) await client.sendall('\n');
      await until(() => server.stats().served >= 1);
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      assert.equal(server.stats().accepted, 1);
      streams[0]!.destroy();
      await until(() => server.stats().served >= 2);
      streams[1]!.destroy();
      await Promise.all(clients.map((client) => readAll(client)));
      for (const client of clients) client.close();
    });

    it('waits for the stream when it closes, and resets it when the time is over', async () => {
      const engine = createEngine();
      const streams: Duplex[] = [];
      const server = start((stream) => void streams.push(stream), engine, { timeouts: { drainMs: 1 } });
      const loop = server.serveForever();
      const client = await connect(server.serverAddress, { engine });
      await client.sendall('\nmore');
      await until(() => streams.length > 0);
      await server.serverClose();
      await loop;
      assert.equal(streams[0]!.destroyed, true);
      await assert.rejects(readAll(client), { code: 'ECONNRESET' });
      assert.equal(server.stats().active, 0);
    });

    it('tells by the signal that it drains, and waits for a stream that ends then', async () => {
      const engine = createEngine();
      class Detaching extends BaseRequestHandler {
        override handle() {
          const { signal } = this.request;
          const stream = this.request.detach();
          stream.write('ready');
          signal.addEventListener('abort', () => {
            if ((signal.reason as { code?: string }).code === 'SERVER_DRAINING') stream.resume().end('bye');
          });
        }
      }
      const server = new ConcurrentTCPServer(address, Detaching, { engine });
      const loop = server.serveForever();
      const client = await connect(server.serverAddress, { engine });
      await client.readExactly(5);
      const closed = server.serverClose();
      assert.equal((await readAll(client)).toString(), 'bye');
      client.close();
      await Promise.all([closed, loop]);
    });

    it('says nothing of a client that goes while the handler waits for the stream', async () => {
      const engine = createEngine();
      using stderr = captureStderr();
      const server = start((stream) => pipeline(stream, stream), engine);
      await using loop = serving(server);
      const client = await connect(server.serverAddress, { engine });
      await client.sendall('\necho');
      await client.readExactly(4);
      client.reset();
      await until(() => server.stats().failed > 0);
      await loop[Symbol.asyncDispose]();
      assert.equal(stderr.text(), '');
    });
  });
}
