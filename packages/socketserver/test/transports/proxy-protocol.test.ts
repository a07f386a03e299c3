import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import {
  connect,
  ConcurrentTCPServer,
  type EngineChoice,
  observe,
  type ProxyAcceptedEvent,
  type ProxyFailedEvent,
  type ProxyProtocolOptions,
  StreamRequestHandler,
  TCPServer,
  type TCPServerOptions,
  UDPServer,
  UnixStreamServer,
} from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { engines } from '../support/engines.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';

/** Says who the client is; then sends back one line. */
class Greet extends StreamRequestHandler {
  override async handle() {
    await this.wfile.write(`${String(this.clientAddress)} ${this.request.proxy?.command}\n`);
    await this.wfile.write(await this.rfile.readline());
  }
}

const source = ['192.0.2.1', 56_324] as const;
const proxyHeader = { source, destination: ['198.51.100.7', 443] } as const;
const local = ['127.0.0.1'];

function start(proxyProtocol: ProxyProtocolOptions, options: TCPServerOptions = {}) {
  return new ConcurrentTCPServer(['127.0.0.1', 0], Greet, { proxyProtocol, ...options });
}

async function greeting(server: TCPServer, options: Parameters<typeof connect>[1]): Promise<string> {
  await using socket = await connect(server.serverAddress, options);
  return (await socket.readline()).toString().trimEnd();
}

for (const [name, create] of engines) {
  describe(`a server with proxyProtocol on the ${name} engine`, () => {
    const setUp = (proxyProtocol: ProxyProtocolOptions, options: TCPServerOptions = {}) => {
      const engine: EngineChoice = create();
      return { engine, server: start(proxyProtocol, { engine, ...options }) };
    };

    it('believes the headers of its proxies, of either version', async () => {
      const { engine, server } = setUp({ from: local });
      await using _ = serving(server);
      assert.equal(await greeting(server, { engine, proxyHeader }), '192.0.2.1,56324 PROXY');
      const old = { ...proxyHeader, version: 1 } as const;
      assert.equal(await greeting(server, { engine, proxyHeader: old }), '192.0.2.1,56324 PROXY');
      assert.match(await greeting(server, { engine, proxyHeader: {} }), /^127\.0\.0\.1,\d+ LOCAL$/);
    });

    it('resets everybody else, unread', async () => {
      const { engine, server } = setUp({ from: ['198.51.100.0/24'] });
      await using _ = serving(server);
      await assert.rejects(greeting(server, { engine }), { code: 'ECONNRESET' });
      await until(() => server.stats().failed === 1);
    });

    it('serves everybody else directly where it is told to, also those who send what looks like a header', async () => {
      const { engine, server } = setUp({ from: ['198.51.100.0/24'], others: 'serve' });
      await using _ = serving(server);
      await using socket = await connect(server.serverAddress, { engine });
      assert.match((await socket.readline()).toString(), /^127\.0\.0\.1,\d+ undefined\n$/);
      await socket.sendall('PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n');
      assert.equal((await socket.readline()).toString(), 'PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n');
    });

    it('lets nobody wait for those who are slow with their header', async () => {
      const engine = create();
      const server = new TCPServer(['127.0.0.1', 0], Greet, { engine, proxyProtocol: { from: local } });
      await using _ = serving(server);
      await using silent = await connect(server.serverAddress, { engine });
      await silent.sendall('PROXY TCP4 ');
      assert.equal(await greeting(server, { engine, proxyHeader }), '192.0.2.1,56324 PROXY');
      await silent.sendall('192.0.2.2 192.0.2.9 1 2\r\n');
      assert.equal((await silent.readline()).toString(), '192.0.2.2,1 PROXY\n');
    });

    it('takes no more connections than may be without their header', async () => {
      const { engine, server } = setUp({ from: local, maxHeaders: 2 });
      await using _ = serving(server);
      await using first = await connect(server.serverAddress, { engine });
      await using second = await connect(server.serverAddress, { engine });
      const waiting = greeting(server, { engine, proxyHeader });
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      assert.equal(server.stats().accepted, 0);
      first.reset();
      assert.equal(await waiting, '192.0.2.1,56324 PROXY');
      assert.equal(server.stats().failed, 1);
      second.reset();
    });
  });
}

describe('a server with proxyProtocol', () => {
  it('publishes each header that it accepts, and each connection that came without', async () => {
    const engine = createMemoryEngine();
    const server = start({ from: local }, { engine });
    const accepted: ProxyAcceptedEvent[] = [];
    const failed: ProxyFailedEvent[] = [];
    using _ = observe({
      'socketserver:proxy:accepted': (event) => accepted.push(event),
      'socketserver:proxy:failed': (event) => failed.push(event),
    });
    await using __ = serving(server);
    await greeting(server, { engine, proxyHeader: { ...proxyHeader, authority: 'example.com' } });
    await using socket = await connect(server.serverAddress, { engine });
    await socket.sendall('hello\n');
    await assert.rejects(socket.readline(), { code: 'ECONNRESET' });
    assert.equal(accepted.length, 1);
    assert.deepEqual(accepted[0]!.clientAddress, source);
    assert.equal(accepted[0]!.proxy.authority, 'example.com');
    assert.equal(accepted[0]!.proxy.peerAddress[0], '127.0.0.1');
    assert.deepEqual(accepted[0]!.serverAddress, server.serverAddress);
    assert.equal(failed.length, 1);
    assert.equal((failed[0]!.error as { fault?: string }).fault, 'signature');
    assert.equal(failed[0]!.peerAddress[0], '127.0.0.1');
  });

  it('gives each header timeouts.proxyHeaderMs', async () => {
    const clock = new VirtualClock();
    const engine = createMemoryEngine({ clock });
    const server = start({ from: local }, { engine, timeouts: { proxyHeaderMs: 3_000 } });
    const loop = server.serveForever();
    const socket = await connect(server.serverAddress, { engine });
    await clock.advance(2_999);
    assert.equal(server.stats().failed, 0);
    await clock.advance(1);
    assert.equal(server.stats().failed, 1);
    socket.reset();
    await server.serverClose();
    await loop;
  });

  it('looks its proxies up in a BlockList as that is at the moment', async () => {
    const engine = createMemoryEngine();
    const from = new BlockList();
    const server = start({ from, others: 'serve' }, { engine });
    await using _ = serving(server);
    assert.match(await greeting(server, { engine }), /^127\.0\.0\.1,\d+ undefined$/);
    from.addAddress('127.0.0.1');
    assert.equal(await greeting(server, { engine, proxyHeader }), '192.0.2.1,56324 PROXY');
  });

  it('tells a handler of a client that was gone before it began', async () => {
    const engine = createMemoryEngine();
    const errors: unknown[] = [];
    const server = start({ from: local }, { engine });
    server.handleError = (_request, _clientAddress, error) => void errors.push(error);
    await using _ = serving(server);
    const socket = await connect(server.serverAddress, { engine, proxyHeader });
    await new Promise(setImmediate);
    socket.reset();
    await until(() => errors.length === 1);
    assert.equal((errors[0] as { code?: string }).code, 'ECONNRESET');
  });

  it('refuses options that cannot be meant', () => {
    const construct = (proxyProtocol: object) => () =>
      start(proxyProtocol as ProxyProtocolOptions).serverClose();
    assert.throws(construct({}), /options\.proxyProtocol\.from must be a list of addresses/);
    assert.throws(
      construct({ from: 'all', who: 1 }),
      /options\.proxyProtocol must have only the keys from, others/,
    );
    assert.throws(construct({ from: 'all', others: 'ignore' }), /others must be one of 'refuse', 'serve'/);
    assert.throws(
      construct({ from: 'all', maxHeaderBytes: 106 }),
      /maxHeaderBytes must be an integer from 107 to 65551/,
    );
    assert.throws(construct({ from: 'all', maxHeaders: 0 }), /maxHeaders must be an integer from 1/);
    assert.throws(
      () => new UnixStreamServer('/tmp/never-bound', Greet, { proxyProtocol: { from: ['127.0.0.1'] } }),
      /^TypeError: Cannot construct UnixStreamServer: options\.proxyProtocol\.from must be 'all' on a Unix socket/,
    );
    assert.throws(
      // @ts-expect-error -- datagrams have no such header
      () => new UDPServer(['127.0.0.1', 0], Greet, { proxyProtocol: { from: 'all' } }),
      /options must have only the keys/,
    );
  });
});
