import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Datagram, DatagramBindOptions, DatagramPort } from '../../src/engine/contract/datagram-port.ts';
import type { Engine } from '../../src/engine/contract/engine.ts';
import {
  ConcurrentUnixDatagramServer,
  DatagramRequestHandler,
  UDPServer,
  UnixDatagramServer,
  UnsupportedError,
} from '../../src/index.ts';
import { loadNativeEngine } from '../../src/engine/native-engine.ts';
import { RequestQueue } from '../../src/engine/request-queue.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';

class Shout extends DatagramRequestHandler {
  override handle() {
    this.wfile.write(this.packet.toString().toUpperCase());
  }
}

/** An engine with Unix datagrams, as the native one: a file stands for the bound socket. */
function unixEngine() {
  const queue = new RequestQueue<Datagram>();
  const sent: (readonly [string, unknown])[] = [];
  const bound: { path?: string; options?: DatagramBindOptions; isClosed?: boolean } = {};
  const bindDatagram = (path: string, options: DatagramBindOptions): Partial<DatagramPort> => {
    if (existsSync(path))
      throw Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'bind' });
    writeFileSync(path, '');
    Object.assign(bound, { path, options });
    return {
      address: path,
      fd: 3,
      dropped: 0,
      get isReady() {
        return queue.isReady;
      },
      notify: (wake) => queue.notify(wake),
      receive: () => queue.take(),
      send: (bytes, address) => void sent.push([Buffer.from(bytes).toString(), address]),
      close: async () => void (bound.isClosed = true),
    };
  };
  const receive = (text: string, remoteAddress: string): void =>
    queue.push({ bytes: Buffer.from(text), remoteAddress, truncated: false });
  return { engine: { name: 'native', bindDatagram } as unknown as Engine, bound, sent, receive };
}

/** A path in a directory that lives for the length of a block. */
function temporaryPath(): Disposable & { readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), 'unix-datagram-'));
  return { path: join(directory, 's'), [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}

describe('a Unix datagram server', () => {
  it('is a datagram server, but no UDP server', () => {
    assert.ok(!(UnixDatagramServer.prototype instanceof UDPServer));
  });

  for (const Server of [UnixDatagramServer, ConcurrentUnixDatagramServer]) {
    it(`says from the constructor of ${Server.name} which package it needs, and leaves nothing open`, () => {
      const before = readdirSync('/proc/self/fd').length;
      assert.throws(
        () => new Server('/tmp/never-bound.sock', Shout, { engine: 'node' }),
        (error: Error) => {
          assert.ok(error instanceof UnsupportedError);
          assert.equal(error.code, 'UNSUPPORTED');
          assert.match(error.message, /@socketserver\/native/);
          return true;
        },
      );
      assert.equal(readdirSync('/proc/self/fd').length, before);
    });

    it(`answers by path, and not at all to clients without one: ${Server.name}`, async () => {
      using place = temporaryPath();
      const { engine, sent, receive } = unixEngine();
      await using server = new Server(place.path, Shout, { engine });
      await using _ = serving(server);
      using stderr = captureStderr();
      receive('nobody', '');
      receive('hello', '/run/client.sock');
      await until(() => sent.length > 0);
      assert.deepEqual(sent, [['HELLO', '/run/client.sock']]);
      assert.equal(stderr.text(), '');
    });
  }

  it('binds with its mode, and removes its path when it closes', async () => {
    using place = temporaryPath();
    const { engine, bound } = unixEngine();
    const server = new UnixDatagramServer({ path: place.path }, Shout, { engine, mode: 0o660 });
    assert.equal(server.serverAddress, place.path);
    assert.equal(bound.options?.mode, 0o660);
    await server.serverClose();
    assert.equal(bound.isClosed, true);
    assert.ok(!existsSync(place.path));
  });

  it('leaves what is no dead socket in its place', () => {
    using place = temporaryPath();
    writeFileSync(place.path, 'precious');
    const { engine } = unixEngine();
    assert.throws(() => new UnixDatagramServer(place.path, Shout, { engine }), { code: 'EADDRINUSE' });
    assert.ok(existsSync(place.path));
  });

  it('refuses a path that does not fit, and options that are not its own', () => {
    assert.throws(() => new UnixDatagramServer('x'.repeat(200), Shout), RangeError);
    const broadcast: object = { broadcast: true };
    assert.throws(
      () => new UnixDatagramServer('/run/s', Shout, broadcast),
      /only the keys .*, got broadcast/,
    );
  });
});

const native = loadNativeEngine();

describe('a Unix datagram server on the native engine', { skip: native instanceof UnsupportedError }, () => {
  /** A server that only listens is a client with a path of its own. */
  function openClient(path: string) {
    const replies: string[] = [];
    class Collect extends DatagramRequestHandler {
      override handle() {
        replies.push(this.packet.toString());
      }
    }
    return { client: new UnixDatagramServer(path, Collect, { engine: 'native' }), replies };
  }

  for (const Server of [UnixDatagramServer, ConcurrentUnixDatagramServer]) {
    it(`answers its clients: ${Server.name}`, async () => {
      using place = temporaryPath();
      await using server = new Server(place.path, Shout, { engine: 'native' });
      await using _ = serving(server);
      const { client, replies } = openClient(`${place.path}.client`);
      await using __ = serving(client);
      for (const text of ['a', 'b', 'c']) await client.socket.sendto(text, server.serverAddress);
      await until(() => replies.length === 3);
      assert.deepEqual(replies, ['A', 'B', 'C']);
    });
  }

  it('replaces the path of a dead server, not that of a live one, and removes its own', async () => {
    using place = temporaryPath();
    const dead = new UnixDatagramServer(`${place.path}.dead`, Shout, { engine: 'native' });
    renameSync(`${place.path}.dead`, place.path);
    await dead.serverClose();
    const server = new UnixDatagramServer(place.path, Shout, { engine: 'native', mode: 0o600 });
    assert.equal(statSync(place.path).mode & 0o777, 0o600);
    assert.throws(() => new UnixDatagramServer(place.path, Shout, { engine: 'native' }), {
      code: 'EADDRINUSE',
    });
    await server.serverClose();
    assert.ok(!existsSync(place.path));
  });

  it('prints nothing about a client that is gone when the reply comes', async () => {
    using place = temporaryPath();
    await using server = new UnixDatagramServer(place.path, Shout, { engine: 'native' });
    const gone = openClient(`${place.path}.gone`);
    await gone.client.socket.sendto('bye', server.serverAddress);
    await gone.client.serverClose();
    using stderr = captureStderr();
    await server.handleRequest();
    assert.equal(stderr.text(), '');
  });
});
