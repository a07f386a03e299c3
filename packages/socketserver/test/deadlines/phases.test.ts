import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import { type InetAddress, RequestTimeoutError, type SocketAddress } from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import {
  AnswersLate,
  EchoesLines,
  Floods,
  Hangs,
  SaysGoodbye,
  SwallowsErrors,
} from './handlers/deadline-handlers.ts';

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const directory = mkdtempSync(join(tmpdir(), 'socketserver-deadlines-'));
after(() => authority[Symbol.dispose]());
after(() => rmSync(directory, { recursive: true }));

/** Any server of the library, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  readonly limits: { minBytesPerSecond: number };
  stats(): library.ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
  handleError: (request: unknown, clientAddress: SocketAddress, error: unknown) => void;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

const models = ['', 'Concurrent', 'Threading', 'Forking'] as const;
const transports = ['TCPServer', 'TLSServer', 'UnixStreamServer'] as const;

function connect(address: SocketAddress, transport: (typeof transports)[number]): Promise<net.Socket> {
  if (transport === 'TLSServer') return connectTLS(address as InetAddress, { ca: authority.cert });
  const socket =
    typeof address === 'string' ? net.connect(address) : net.connect({ host: address[0], port: address[1] });
  return once(socket, 'connect').then(() => socket);
}

/** Resolves when a connection is over, with everything that came until then. */
async function textUntilClose(socket: net.Socket): Promise<string> {
  const pieces: Buffer[] = [];
  socket.on('data', (bytes) => pieces.push(bytes));
  socket.on('error', () => undefined); // a reset is expected
  socket.on('end', () => socket.end());
  if (!socket.destroyed) await once(socket, 'close').catch(() => undefined);
  return Buffer.concat(pieces).toString();
}

for (const [engineName, engine] of workerEngines) {
  for (const model of models) {
    const inWorkers = model === 'Threading' || model === 'Forking';

    function start(name: string, handler: unknown, options: object) {
      const Server = (library as unknown as Record<string, AnyServerClass>)[`${model}${name}`]!;
      const server = new Server(
        name.startsWith('Unix') ? join(directory, `${engineName}-${model}`) : ['127.0.0.1', 0],
        handler,
        {
          engine,
          ...(name === 'TLSServer' ? { tls: { cert, key } } : {}),
          ...(inWorkers ? { workers: { min: 1, max: 1, requestsPerWorker: 64 } } : {}),
          ...options,
        },
      );
      const errors = new ErrorCollector();
      server.handleError = errors.handleError;
      return { server, errors, [Symbol.asyncDispose]: serving(server)[Symbol.asyncDispose] };
    }

    for (const transport of transports) {
      describe(`${model}${transport} on the ${engineName} engine`, () => {
        const begin = (handler: unknown, timeouts: library.TimeoutOptions) =>
          start(transport, handler, { timeouts });

        it('ends a connection over which nothing goes any more, also while the loop is stopped', async () => {
          await using running = begin(EchoesLines, { idleMs: 500 });
          const { server, errors } = running;
          const client = await connect(server.serverAddress, transport);
          client.write('hello\n');
          assert.equal(String((await once(client, 'data')) as Buffer[]), 'hello\n');
          const stopped = server.shutdown();
          const ended = textUntilClose(client);
          const { error } = await errors.next();
          assert.ok(error instanceof RequestTimeoutError);
          assert.deepEqual([error.phase, error.ms], ['idle', 500]);
          assert.equal(await ended, '');
          await stopped;
        });

        it('ends a request that takes too long, also one that does not touch its connection', async () => {
          await using running = begin(Hangs, { requestMs: 50 });
          for (let round = 0; round < 2; round += 1) {
            const client = await connect(running.server.serverAddress, transport);
            const ended = textUntilClose(client);
            const { error } = await running.errors.next();
            assert.ok(error instanceof RequestTimeoutError);
            assert.deepEqual([error.phase, error.ms], ['request', 50]);
            await ended;
          }
          await until(() => running.server.stats().active === 0);
          assert.equal(running.errors.all.length, 2);
        });

        it('tells a handler that its lifetime is over, and lets it say goodbye', async () => {
          await using running = begin(SaysGoodbye, { maxLifetimeMs: 50 });
          const client = await connect(running.server.serverAddress, transport);
          assert.equal(await textUntilClose(client), 'goodbye: REQUEST_TIMEOUT lifetime\n');
          await until(() => running.server.stats().served === 1);
          assert.deepEqual(running.errors.all, []);
        });

        // The rest is the same code in a worker whatever carries the bytes, and each worker takes its time to start.
        if (inWorkers && transport !== 'TCPServer') return;

        it('ends a connection by force that does not heed the end of its lifetime', async () => {
          await using running = begin(Hangs, { maxLifetimeMs: 50, drainMs: 20 });
          const client = await connect(running.server.serverAddress, transport);
          const ended = textUntilClose(client);
          const { error } = await running.errors.next();
          assert.ok(error instanceof RequestTimeoutError);
          assert.deepEqual([error.phase, error.ms], ['lifetime', 50]);
          await ended;
        });

        it('ends a connection whose client says nothing', async () => {
          await using running = begin(EchoesLines, { firstByteMs: 50 });
          const client = await connect(running.server.serverAddress, transport);
          const ended = textUntilClose(client);
          const { error } = await running.errors.next();
          assert.ok(error instanceof RequestTimeoutError);
          assert.deepEqual([error.phase, error.ms, error.code], ['first-byte', 50, 'REQUEST_TIMEOUT']);
          assert.equal(await ended, '');
          await until(() => running.server.stats().active === 0);
          assert.equal(running.server.stats().failed, 1);
        });
      });
    }

    describe(`the deadlines of a ${model || 'serial'} server on the ${engineName} engine`, () => {
      it('end a request whose peer takes nothing', async () => {
        await using running = start('TCPServer', Floods, { timeouts: { idleMs: 200 } });
        const client = await connect(running.server.serverAddress, 'TCPServer');
        client.pause();
        const { error } = await running.errors.next();
        assert.ok(error instanceof RequestTimeoutError);
        assert.equal(error.phase, 'idle');
        client.on('error', () => undefined);
        client.destroy();
      });

      it('are told once, whatever the handler made of them', async () => {
        await using running = start('TCPServer', SwallowsErrors, { timeouts: { idleMs: 150 } });
        for (const command of ['throw', 'return']) {
          const client = await connect(running.server.serverAddress, 'TCPServer');
          client.write(`${command}\n`);
          const ended = textUntilClose(client);
          const { error } = await running.errors.next();
          assert.ok(error instanceof RequestTimeoutError);
          assert.equal(error.phase, 'idle');
          await ended;
        }
        await until(() => running.server.stats().active === 0);
        assert.equal(running.errors.all.length, 2);
        const { accepted, served, failed } = running.server.stats();
        assert.deepEqual([accepted, served, failed], [2, 0, 2]);
      });

      it('print nothing that is the peer’s doing, and what is the handler’s', async () => {
        for (const [handler, timeouts, expected] of [
          [EchoesLines, { firstByteMs: 50 }, /^$/],
          [Hangs, { maxLifetimeMs: 50, drainMs: 10 }, /^$/],
          [Hangs, { requestMs: 50 }, /RequestTimeoutError.* within 50 ms/s],
        ] as const) {
          const running = start('TCPServer', handler, { timeouts });
          Reflect.deleteProperty(running.server, 'handleError');
          using stderr = captureStderr();
          const client = await connect(running.server.serverAddress, 'TCPServer');
          await textUntilClose(client);
          await until(() => running.server.stats().failed === 1 && running.server.stats().active === 0);
          await running[Symbol.asyncDispose]();
          assert.match(stderr.text(), expected);
        }
      });

      it('are kept during a drain', async () => {
        const running = start('TCPServer', EchoesLines, { timeouts: { idleMs: 500, drainMs: 600_000 } });
        const client = await connect(running.server.serverAddress, 'TCPServer');
        client.write('hello\n');
        await once(client, 'data');
        const ended = textUntilClose(client);
        const closed = running[Symbol.asyncDispose]();
        const { error } = await running.errors.next();
        assert.ok(error instanceof RequestTimeoutError);
        assert.equal(error.phase, 'idle');
        await ended;
        await closed;
      });

      it('hold for datagrams too, each by itself', async () => {
        await using running = start('UDPServer', AnswersLate, { timeouts: { requestMs: 80 } });
        const commands = model === '' ? ['slow', 'hang'] : ['slow', 'hang', 'slow'];
        const address = running.server.serverAddress as InetAddress;
        await using client = new DatagramClient();
        for (const command of commands) await client.send(command, address);
        for (const _ of commands) {
          const { error } = await running.errors.next();
          assert.ok(error instanceof RequestTimeoutError);
          assert.deepEqual([error.phase, error.ms], ['request', 80]);
        }
        assert.equal(await client.ask('quick', address), 'answer');
        await until(() => running.server.stats().active === 0);
        const { accepted, served, failed } = running.server.stats();
        assert.deepEqual([accepted, served, failed], [commands.length + 1, 1, commands.length]);
      });
    });
  }
}
