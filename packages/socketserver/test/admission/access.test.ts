import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import { type AccessLists, observe, type SocketAddress, writeProxyHeader } from '../../src/index.ts';
import { GreetedClient } from '../support/greeted-client.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Stubborn } from '../workers/handlers/exchanges.ts';
import { DatagramExchange } from '../workers/handlers/matrix.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const directory = mkdtempSync(join(tmpdir(), 'socketserver-access-'));
after(() => authority[Symbol.dispose]());
after(() => rmSync(directory, { recursive: true }));

/** Any stream server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  readonly access: AccessLists;
  readonly workerIds?: readonly number[];
  verifyRequest: (request: unknown, clientAddress: SocketAddress) => boolean;
  stats(): library.ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

for (const [engineName, engine] of workerEngines) {
  for (const model of ['', 'Concurrent', 'Threading', 'Forking'] as const) {
    const inWorkers = model === 'Threading' || model === 'Forking';
    const create = (transport: string, options: object): AnyServer => {
      const Server = (library as unknown as Record<string, AnyServerClass>)[`${model}${transport}`]!;
      const isUnix = transport.startsWith('Unix');
      const address = isUnix ? join(directory, `${engineName}-${model}`) : ['127.0.0.1', 0];
      return new Server(address, Stubborn, {
        engine,
        timeouts: { drainMs: 0 },
        ...(transport === 'TLSServer' ? { tls: { cert, key } } : {}),
        ...(inWorkers ? { workers: { min: 0, max: 1, requestsPerWorker: 64 } } : {}),
        ...options,
      });
    };

    describe(`access to a ${model}TCPServer on the ${engineName} engine`, () => {
      it('is refused by address, before a worker or verifyRequest has to do with it, and can change', async () => {
        const deny = new BlockList();
        const server = create('TCPServer', { access: { deny } });
        const verified: SocketAddress[] = [];
        server.verifyRequest = (_request, clientAddress) => verified.push(clientAddress) > 0;
        await using _ = serving(server);
        const told: library.ClientRefusedEvent[] = [];
        using __ = observe({ 'socketserver:client:refused': (event) => told.push(event) });
        deny.addAddress('127.0.0.3');
        using stranger = await GreetedClient.to(server.serverAddress, { from: '127.0.0.3' });
        assert.notEqual(await stranger.ended(), 'end');
        const { accepted, refused, workers } = server.stats();
        assert.deepEqual([accepted, refused, workers, verified], [1, 1, [], []]);
        const [{ reason, clientAddress, serverAddress }] = told as [library.ClientRefusedEvent];
        assert.deepEqual(
          [reason, clientAddress[0], serverAddress],
          ['access', '127.0.0.3', server.serverAddress],
        );

        using friend = await GreetedClient.to(server.serverAddress);
        await friend.greeted();
        server.access.deny = ['127.0.0.0/8'];
        assert.equal(friend.over, undefined); // whoever is in stays
        friend.socket.write('x');
        assert.equal(await friend.ended(), 'end');
        using late = await GreetedClient.to(server.serverAddress);
        assert.notEqual(await late.ended(), 'end');
        server.access.deny = undefined;
        server.access.allow = ['127.0.0.4'];
        using other = await GreetedClient.to(server.serverAddress);
        assert.notEqual(await other.ended(), 'end');
        using allowed = await GreetedClient.to(server.serverAddress, { from: '127.0.0.4' });
        await allowed.greeted();
      });
    });

    if (inWorkers && engineName === 'node') continue; // nothing of the engine's comes into it

    it(`access is the business of the client that a PROXY header names: ${model}UnixStreamServer, ${engineName}`, async () => {
      const server = create('UnixStreamServer', {
        proxyProtocol: { from: 'all' },
        access: { allow: ['192.0.2.0/24'] },
      });
      await using _ = serving(server);
      const behind = (host: string) =>
        GreetedClient.to(server.serverAddress, {
          header: writeProxyHeader({ source: [host, 1], destination: ['198.51.100.1', 2] }),
        });
      using stranger = await behind('198.51.100.7');
      assert.notEqual(await stranger.ended(), undefined);
      using friend = await behind('192.0.2.7');
      await friend.greeted();
      assert.equal(server.stats().refused, 1);
    });

    it(`access is refused before a TLS handshake: ${model}TLSServer, ${engineName}`, async () => {
      const server = create('TLSServer', { access: { deny: ['127.0.0.1'] } });
      await using _ = serving(server);
      const [host, port] = server.serverAddress as library.InetAddress;
      const socket = net.connect(port, host);
      const errors = once(socket, 'error').catch(() => undefined);
      await errors;
      assert.deepEqual([server.stats().refused, server.stats().failed], [1, 0]);
    });
  }
}

it('a Unix socket without PROXY headers has no access lists', () => {
  const construct = (access: library.AccessOptions) =>
    new library.UnixStreamServer(join(directory, 'plain'), Stubborn, { access });
  assert.throws(() => construct({ deny: ['::1'] }), {
    name: 'TypeError',
    message: /^Cannot construct UnixStreamServer: options\.access\.deny must be undefined on a Unix socket/,
  });
});

it('datagram servers have no access lists, and none of the limits of connections', () => {
  const construct = (options: object) => new library.UDPServer(['127.0.0.1', 0], DatagramExchange, options);
  assert.throws(() => construct({ access: {} }), /options must have only the keys .*, got access$/);
  for (const key of [
    'maxConnections',
    'maxConnectionsPerAddress',
    'acceptRate',
    'minBytesPerSecond',
    'onLimit',
  ]) {
    assert.throws(
      () => construct({ limits: { [key]: 1 } }),
      new RegExp(`options\\.limits must have only the keys maxPending, whenFull, got ${key}$`),
    );
  }
});
