import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import {
  connect,
  observe,
  type ServerStats,
  type SocketAddress,
  type TLSEstablishedEvent,
  type TLSFailedEvent,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { DetachesAndReturns, DetachesToPipeline, StartsTLS, TellsPeer } from './handlers/taking-over.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const trusting = { serverName: 'localhost', ca: authority.cert };
const directory = mkdtempSync(join(tmpdir(), 'socketserver-taking-over-'));
after(() => rmSync(directory, { recursive: true }));

/** Any stream server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  handleError: (request: unknown, clientAddress: SocketAddress, error: unknown) => void;
  stats(): ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

let paths = 0;
const addressOf = {
  TCPServer: () => ['127.0.0.1', 0],
  TLSServer: () => ['127.0.0.1', 0],
  UnixStreamServer: () => join(directory, `${(paths += 1)}`),
} as const;

type Transport = keyof typeof addressOf;

for (const [engineName, engine] of workerEngines) {
  for (const model of ['', 'Concurrent', 'Threading', 'Forking'] as const) {
    const isHere = model === '' || model === 'Concurrent';
    const start = (transport: Transport, Handler: unknown, options: object = {}): AnyServer => {
      const Server = (library as unknown as Record<string, AnyServerClass>)[`${model}${transport}`]!;
      return new Server(addressOf[transport](), Handler, {
        engine,
        ...(transport === 'TLSServer' ? { tls: { cert, key } } : {}),
        ...(isHere ? {} : { workerData: { cert, key }, workers: { max: 1 } }),
        ...options,
      });
    };

    describe(`taking a connection over from a ${model || 'serial'} server on the ${engineName} engine`, () => {
      for (const [name, transport, options] of [
        ['TCP', 'TCPServer', {}],
        ['Unix', 'UnixStreamServer', {}],
        ['proxied TCP', 'TCPServer', { proxyProtocol: { from: 'all' } }],
      ] as const) {
        if (name === 'TCP' && !isHere) continue; // is tested by what follows, and workers take their time
        it(`works by pipeline() over ${name}`, async () => {
          const server = start(transport, DetachesToPipeline, options);
          await using loop = serving(server);
          const proxyHeader =
            name === 'proxied TCP'
              ? { source: ['192.0.2.1', 4711], destination: ['192.0.2.2', 25] }
              : undefined;
          const client = await connect(server.serverAddress, {
            engine,
            ...(proxyHeader && {
              proxyHeader: proxyHeader as { source: [string, number]; destination: [string, number] },
            }),
          });
          const long = 'abc'.repeat(50_000);
          const sent = client.sendall(`line\nrest ${long}`).then(() => client.shutdown('write'));
          assert.equal((await readAll(client)).toString(), `REST ${long.toUpperCase()}`);
          await sent;
          client.close();
          await loop[Symbol.asyncDispose]();
          const { served, failed, bytesRead, bytesWritten } = server.stats();
          assert.deepEqual(
            { served, failed, bytesRead, bytesWritten },
            { served: 1, failed: 0, bytesRead: 10 + long.length, bytesWritten: 5 + long.length },
          );
        });
      }

      it('works by pipeline() over TLS, with no warning of too many listeners', async () => {
        const warnings: string[] = []; // of this process, which has the stream where no worker has
        const warned = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
        process.on('warning', warned);
        const server = start('TLSServer', DetachesToPipeline);
        await using _ = serving(server);
        const client = await connectTLS(server.serverAddress as readonly [string, number], {
          ca: authority.cert,
        });
        client.write('line\nrest');
        client.end(' and more');
        assert.equal(await text(client), 'REST AND MORE');
        process.off('warning', warned);
        assert.deepEqual(warnings, []);
      });

      it('leaves the stream open when the handler has returned, and tells it of a drain', async () => {
        const server = start('TCPServer', DetachesAndReturns);
        const loop = server.serveForever();
        const client = await connect(server.serverAddress, { engine });
        assert.equal((await client.readline()).toString(), 'detached\n');
        await until(() => server.stats().served === 1);
        await client.sendall('still there\n');
        assert.equal((await client.readline()).toString(), 'still there\n');
        const closed = server.serverClose();
        assert.equal((await readAll(client)).toString(), 'draining\n');
        client.close();
        await Promise.all([closed, loop]);
        assert.equal(server.stats().bytesWritten, 'detached\nstill there\ndraining\n'.length);
      });

      it('is ended by a drain whose time is over', async () => {
        using stderr = captureStderr();
        const server = start('TCPServer', DetachesToPipeline, { timeouts: { drainMs: 1 } });
        const loop = server.serveForever();
        const client = await connect(server.serverAddress, { engine });
        await client.sendall('line\nrest');
        assert.equal((await client.readExactly(4)).toString(), 'REST');
        await Promise.all([server.serverClose(), loop]);
        await assert.rejects(readAll(client), { code: 'ECONNRESET' });
        assert.equal(stderr.text(), '');
      });
    });

    describe(`STARTTLS in a ${model || 'serial'} server on the ${engineName} engine`, () => {
      const startTLS = (transport: Transport, options: object = {}) => {
        class WithOptions extends StartsTLS {
          override async handle() {
            Object.assign(this, { server: { workerData: { cert, key } } });
            await super.handle();
          }
        }
        return start(transport, isHere ? WithOptions : StartsTLS, options);
      };

      for (const transport of ['TCPServer', 'UnixStreamServer'] as const) {
        if (transport === 'UnixStreamServer' && model !== 'Threading') continue; // they are relayed
        it(`encrypts the rest of a connection of a ${transport}`, async () => {
          const server = startTLS(transport);
          await using loop = serving(server);
          const client = await connect(server.serverAddress, { engine });
          await client.sendall('STARTTLS\n');
          await client.readline();
          await client.startTLS(trusting);
          assert.equal((await client.readline()).toString(), 'TLSv1.3 localhost\n');
          const long = `${'x'.repeat(60_000)}\n`;
          await client.sendall(long);
          client.shutdown('write');
          assert.equal((await readAll(client)).toString(), long);
          client.close();
          await loop[Symbol.asyncDispose]();
          const { served, bytesRead } = server.stats();
          assert.deepEqual({ served, bytesRead }, { served: 1, bytesRead: 9 + long.length });
        });
      }

      it('refuses commands that were smuggled in, and takes too long for nobody', async () => {
        const errors = new ErrorCollector();
        const server = startTLS('TCPServer', { timeouts: { handshakeMs: 600 } });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        const [host, port] = server.serverAddress as readonly [string, number];
        for (const sent of ['STARTTLS\nMAIL FROM:<evil@example.org>\n', 'STARTTLS\n']) {
          const client = net.connect(port, host);
          client.on('error', () => {});
          client.write(sent);
          client.resume();
          await new Promise((resolve) => client.on('close', resolve));
        }
        const faults = [(await errors.next()).error, (await errors.next()).error];
        assert.deepEqual(
          faults.map((error) => [error.name, error.code, (error as unknown as { fault: string }).fault]),
          [
            ['TLSHandshakeError', 'TLS_HANDSHAKE', 'protocol'],
            ['TLSHandshakeError', 'TLS_HANDSHAKE', 'timeout'],
          ],
        );
      });

      it('is told as the handshakes of TLS servers are', async () => {
        const told: [what: string, event: TLSEstablishedEvent | TLSFailedEvent][] = [];
        using _observed = observe({
          'socketserver:tls:established': (event) => told.push(['established', event]),
          'socketserver:tls:failed': (event) => told.push(['failed', event]),
        });
        const server = startTLS('TCPServer');
        server.handleError = () => {};
        await using _ = serving(server);
        const client = await connect(server.serverAddress, { engine });
        const clientAddress = client.getsockname();
        await client.sendall('STARTTLS\n');
        await client.readline();
        await client.startTLS(trusting);
        await until(() => told.length === 1);
        const [[what, done]] = told as [[string, TLSEstablishedEvent]];
        const { serverAddress } = server;
        assert.deepEqual(
          { what, serverAddress: done.serverAddress, clientAddress: done.clientAddress },
          { what: 'established', serverAddress, clientAddress },
        );
        assert.equal(done.protocol, 'TLSv1.3');
        assert.equal(done.serverName, 'localhost');
        assert.ok(done.durationMs > 0);
        client.close();

        const smuggler = await connect(server.serverAddress, { engine });
        const from = smuggler.getsockname();
        await smuggler.sendall('STARTTLS\nMAIL FROM:<evil@example.org>\n');
        await until(() => told.length === 2);
        const [, [failed, event]] = told as [unknown, [string, TLSFailedEvent]];
        assert.deepEqual(
          { failed, serverAddress: event.serverAddress, clientAddress: event.clientAddress },
          { failed: 'failed', serverAddress, clientAddress: from },
        );
        assert.equal(event.error.name, 'TLSHandshakeError');
        smuggler.close();
      });
    });

    const isKnown = engineName === 'native';
    it(`tells the peer of a Unix socket in a ${model || 'serial'} server on the ${engineName} engine, where it can`, async () => {
      const server = start('UnixStreamServer', TellsPeer);
      await using _ = serving(server);
      const client = await connect(server.serverAddress, { engine });
      const told = JSON.parse((await readAll(client)).toString()) as unknown;
      const { pid } = process;
      assert.deepEqual(told, isKnown ? { pid, uid: process.getuid!(), gid: process.getgid!() } : null);
      client.close();
    });
  }
}
