import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import { type InetAddress, observe, type SocketAddress, writeProxyHeader } from '../../src/index.ts';
import { closed } from '../support/closed.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { GreetedClient } from '../support/greeted-client.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { connectTLS } from '../support/tls-client.ts';
import { someTurns } from '../support/turns.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Echo, Stubborn } from '../workers/handlers/exchanges.ts';
import { Reckless } from './reckless.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const directory = mkdtempSync(join(tmpdir(), 'socketserver-limits-'));
after(() => authority[Symbol.dispose]());
after(() => rmSync(directory, { recursive: true }));

/** Any stream server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  readonly limits: { -readonly [Name in keyof library.StreamLimitOptions]-?: library.StreamLimits[Name] };
  stats(): library.ServerStats;
  handleError: (request: unknown, clientAddress: SocketAddress, error: unknown) => void;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

/** Whoever came is served, failed, refused, or still there. */
function assertAccounted(server: AnyServer): void {
  const { accepted, served, failed, refused, active } = server.stats();
  assert.equal(accepted, served + failed + refused + active);
}

for (const [engineName, engine] of workerEngines) {
  for (const model of ['', 'Concurrent', 'Threading', 'Forking'] as const) {
    const inWorkers = model === 'Threading' || model === 'Forking';
    const isSerial = model === '';
    /** What an engine has no part in is tested on one, where workers have to be started for it. */
    const skip = isSerial ? 'serves one' : inWorkers && engineName === 'node' && 'same on every engine';

    /** Drains at once: what is left of a test need not be waited for. */
    function start(transport: string, limits: library.StreamLimitOptions, options: object = {}) {
      const Server = (library as unknown as Record<string, AnyServerClass>)[`${model}${transport}`]!;
      const isUnix = transport.startsWith('Unix');
      const server = new Server(
        isUnix ? join(directory, `${engineName}-${model}`) : ['127.0.0.1', 0],
        Stubborn,
        {
          engine,
          limits,
          timeouts: { drainMs: 0 },
          ...(transport === 'TLSServer' ? { tls: { cert, key } } : {}),
          ...(inWorkers ? { workers: { min: 1, max: 1, requestsPerWorker: 64 } } : {}),
          ...options,
        },
      );
      server.handleError = () => {};
      return Object.assign(serving(server), { server, address: server.serverAddress });
    }

    describe(`limits of a ${model}TCPServer on the ${engineName} engine`, () => {
      it('maxConnections lets the next client wait until one has left', async () => {
        await using running = start('TCPServer', { maxConnections: 1 });
        using first = await GreetedClient.to(running.address);
        await first.greeted();
        using second = await GreetedClient.to(running.address);
        await someTurns();
        assert.deepEqual([running.server.stats().accepted, second.text], [1, '']);
        await first.leave();
        await second.greeted();
        assertAccounted(running.server);
      });

      it('a limit that is raised lets those in who wait', { skip }, async () => {
        await using running = start('TCPServer', { maxConnections: 1 });
        using first = await GreetedClient.to(running.address);
        await first.greeted();
        using second = await GreetedClient.to(running.address);
        using third = await GreetedClient.to(running.address);
        await someTurns();
        running.server.limits.maxConnections = 2;
        await second.greeted();
        await someTurns();
        assert.equal(third.text, '');
        running.server.limits.maxConnections = Infinity;
        await third.greeted();
      });

      it('over maxConnections refuses at once, if it is to, and counts that', async () => {
        await using running = start('TCPServer', { maxConnections: 1, onLimit: 'refuse' });
        const { server } = running;
        const told: library.ClientRefusedEvent[] = [];
        let freed = 0;
        using _ = observe({
          'socketserver:client:refused': (event) => told.push(event),
          'socketserver:connection:closed': () => (freed += 1),
        });
        using first = await GreetedClient.to(running.address);
        await first.greeted();
        for (let count = 1; count <= 3; count += 1) {
          using next = await GreetedClient.to(running.address);
          assert.notEqual(await next.ended(), 'end');
          await until(() => server.stats().refused === count);
        }
        assert.deepEqual(
          told.map(({ reason }) => reason),
          ['maxConnections', 'maxConnections', 'maxConnections'],
        );
        assert.equal(server.stats().accepted, 4);
        assertAccounted(server);
        await first.leave();
        await until(() => freed === 1);
        using last = await GreetedClient.to(running.address);
        await last.greeted();
      });

      it('maxConnectionsPerAddress holds one address up, and no other', { skip }, async () => {
        await using running = start('TCPServer', { maxConnectionsPerAddress: 2 });
        const { address, server } = running;
        using first = await GreetedClient.to(address);
        using second = await GreetedClient.to(address);
        await Promise.all([first.greeted(), second.greeted()]);
        using third = await GreetedClient.to(address);
        using fourth = await GreetedClient.to(address);
        using other = await GreetedClient.to(address, { from: '127.0.0.2' });
        await other.greeted();
        assert.deepEqual([third.text, fourth.text, server.stats().accepted], ['', '', 3]);
        await first.leave();
        await third.greeted();
        assert.equal(fourth.text, '');
        server.limits.maxConnectionsPerAddress = Infinity;
        await fourth.greeted();
        server.limits.maxConnectionsPerAddress = 1; // counts those that are open
        using fifth = await GreetedClient.to(address);
        using sixth = await GreetedClient.to(address, { from: '127.0.0.3' });
        await sixth.greeted();
        assert.equal(fifth.text, '');
        await Promise.all([second.leave(), third.leave()]);
        await someTurns();
        assert.equal(fifth.text, '');
        await fourth.leave();
        await fifth.greeted();
        assertAccounted(server);
      });

      it('lets one in that waited for its address, and then for the whole server', { skip }, async () => {
        await using running = start('TCPServer', { maxConnectionsPerAddress: 1 });
        const { address, server } = running;
        using first = await GreetedClient.to(address);
        await first.greeted();
        using second = await GreetedClient.to(address);
        await someTurns();
        server.limits.maxConnections = 1;
        server.limits.maxConnectionsPerAddress = Infinity;
        await someTurns();
        assert.equal(second.text, '');
        await first.leave();
        await second.greeted();
      });

      it('refuses an address over its share, or over maxPending of those who wait', { skip }, async () => {
        await using running = start('TCPServer', { maxConnectionsPerAddress: 1, maxPending: 1 });
        const { address, server } = running;
        using first = await GreetedClient.to(address);
        await first.greeted();
        using waiting = await GreetedClient.to(address);
        using tooMuch = await GreetedClient.to(address);
        assert.notEqual(await tooMuch.ended(), 'end');
        assert.deepEqual([waiting.over, server.stats().refused], [undefined, 1]);
        server.limits.onLimit = 'refuse';
        assert.notEqual(await waiting.ended(), 'end');
        using again = await GreetedClient.to(address);
        assert.notEqual(await again.ended(), 'end');
        using other = await GreetedClient.to(address, { from: '127.0.0.2' });
        await other.greeted();
        assert.equal(server.stats().refused, 3);
        assertAccounted(server);
      });

      it('counts the client that a PROXY header names', { skip }, async () => {
        const proxyProtocol = { from: ['127.0.0.1'] };
        await using running = start('TCPServer', { maxConnectionsPerAddress: 1 }, { proxyProtocol });
        const behind = (host: string) =>
          GreetedClient.to(running.address, {
            header: writeProxyHeader({ source: [host, 1], destination: ['198.51.100.1', 2] }),
          });
        using first = await behind('192.0.2.1');
        await first.greeted();
        using second = await behind('192.0.2.1');
        using third = await behind('192.0.2.2');
        await third.greeted();
        assert.equal(second.text, '');
        await first.leave();
        await second.greeted();
      });

      it('lets one that waits for its address come when a PROXY header fails', { skip }, async () => {
        const proxyProtocol = { from: ['127.0.0.1'] };
        await using running = start('TCPServer', { maxConnectionsPerAddress: 1 }, { proxyProtocol });
        const { server, address } = running;
        const header = writeProxyHeader({ source: ['192.0.2.1', 1], destination: ['198.51.100.1', 2] });
        using first = await GreetedClient.to(address, { header });
        await first.greeted();
        using second = await GreetedClient.to(address, { header });
        using silent = await GreetedClient.to(address);
        await someTurns();
        server.limits.maxConnections = 1; // there are two: the first one, and the silent one
        await first.leave();
        await until(() => server.stats().active === 0);
        await someTurns();
        assert.equal(second.text, '');
        silent.socket.write('nonsense\r\n');
        await silent.ended();
        await second.greeted();
        await until(() => server.stats().failed === 1);
      });
    });

    it(`maxConnections counts clients in a TLS handshake: ${model}TLSServer, ${engineName}`, async () => {
      await using running = start('TLSServer', { maxConnections: 1 });
      const address = running.address as InetAddress;
      const silent = net.connect(address[1], address[0]).on('error', () => {});
      await new Promise((resolve) => silent.once('connect', resolve));
      await until(() => (inWorkers ? running.server.stats().active === 1 : true));
      await someTurns();
      let isThrough = false;
      const through = connectTLS(address, { ca: authority.cert }).then((socket) => {
        isThrough = true;
        return socket;
      });
      await someTurns();
      assert.equal(isThrough, false);
      silent.destroy();
      const socket = (await through).on('error', () => {});
      assert.equal(running.server.stats().failed, 1);
      socket.destroy();
    });

    it(
      `maxConnectionsPerAddress counts users of a Unix socket, where the engine knows them: ${model}UnixStreamServer, ${engineName}`,
      { skip },
      async () => {
        await using running = start('UnixStreamServer', { maxConnectionsPerAddress: 1 });
        using first = await GreetedClient.to(running.address);
        await first.greeted();
        using second = await GreetedClient.to(running.address);
        if (engineName !== 'native') {
          await second.greeted();
          return;
        }
        await someTurns();
        assert.equal(second.text, '');
        await first.leave();
        await second.greeted();
      },
    );

    if (inWorkers) {
      it(`a crash gives the connections of its worker free: ${model}TCPServer, ${engineName}`, async () => {
        const Server = (library as unknown as Record<string, AnyServerClass>)[`${model}TCPServer`]!;
        const server = new Server(['127.0.0.1', 0], Reckless, {
          engine,
          limits: { maxConnections: 2, maxConnectionsPerAddress: 2 },
          workers: { min: 1, max: 1, requestsPerWorker: 8 },
          timeouts: { drainMs: 0 },
        });
        const errors = new ErrorCollector();
        server.handleError = errors.handleError;
        Object.assign(server, { handleWorkerLost: () => {} });
        await using _ = serving(server);
        using first = await GreetedClient.to(server.serverAddress);
        using second = await GreetedClient.to(server.serverAddress);
        await Promise.all([first.greeted(), second.greeted()]);
        using third = await GreetedClient.to(server.serverAddress);
        await someTurns();
        assert.equal(third.text, '');
        first.socket.write('crash');
        await third.greeted();
        using fourth = await GreetedClient.to(server.serverAddress);
        await fourth.greeted();
        assert.equal(server.stats().failed, 2);
        assertAccounted(server);
      });

      it(`maxPending refuses those for whom no worker has time: ${model}TCPServer, ${engineName}`, async () => {
        const workers = { min: 1, max: 1, requestsPerWorker: 1 };
        await using running = start('TCPServer', { maxPending: 1, onLimit: 'refuse' }, { workers });
        const { server, address } = running;
        using first = await GreetedClient.to(address);
        await first.greeted();
        using second = await GreetedClient.to(address);
        await until(() => server.stats().waiting === 1);
        using third = await GreetedClient.to(address);
        assert.notEqual(await third.ended(), 'end');
        assert.equal(server.stats().refused, 1);
        await first.leave();
        await second.greeted();
        assertAccounted(server);
      });
    }
  }
}

it('one address that floods does not hold up the others, whatever it opens', async () => {
  const server = new library.ConcurrentTCPServer(['127.0.0.1', 0], Echo, {
    limits: { maxConnections: 100, maxConnectionsPerAddress: 5, maxPending: 20 },
    timeouts: { drainMs: 0 },
  });
  await using _ = serving(server);
  const flood = Array.from({ length: 60 }, () =>
    net.connect(server.serverAddress[1], '127.0.0.1').on('error', () => {}),
  );
  const ends = flood.map((socket) => closed(socket.resume()));
  await until(() => server.stats().refused === 60 - 5 - 20);
  using good = await GreetedClient.to(server.serverAddress, { from: '127.0.0.2' });
  good.socket.write('hello');
  await good.greeted();
  for (const socket of flood) socket.destroy();
  await Promise.all(ends);
  // Those that waited for their address's share are gone, and are served all the same, or what there is of them.
  await until(() => server.stats().accepted === 61 && server.stats().active === 1);
});
