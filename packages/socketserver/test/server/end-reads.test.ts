import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  RequestTimeoutError,
  TCPServer,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Conversation } from './conversation.ts';

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    const inWorkers = /^Thr|^For/.test(Server.name);
    const create = (options: object) =>
      new Server(['127.0.0.1', 0], Conversation, {
        engine,
        ...(inWorkers ? { workers: { min: 1, max: 1, requestsPerWorker: 8 } } : {}),
        ...options,
      });

    describe(`endReadsOnDrain of a ${Server.name} on the ${engineName} engine`, () => {
      it('ends the conversation where the next line would begin, and lets the handler say goodbye', async () => {
        const server = create({ endReadsOnDrain: true, timeouts: { drainMs: Infinity } });
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        assert.equal(await client.ask('one'), 'ONE');
        const closed = server.serverClose();
        assert.equal(await client.next(), 'goodbye');
        assert.equal(await client.next(), '');
        client.socket.close();
        await Promise.all([closed, loop]);
        assert.equal(server.stats().served, 1);
      });

      if (inWorkers && engineName === 'node') return; // nothing of the engine's comes into it

      it('awaits the rest of a line of which something has come', async () => {
        const server = create({ endReadsOnDrain: true, timeouts: { drainMs: Infinity } });
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        assert.equal(await client.ask('show'), 'SHOW');
        await client.socket.sendall('half');
        assert.equal(await client.next(), 'half is here');
        const closed = server.serverClose();
        assert.equal(await client.ask(' and half'), 'HALF AND HALF');
        assert.equal(await client.next(), 'goodbye');
        client.socket.close();
        await Promise.all([closed, loop]);
      });

      it('is off by default: a read goes on until the drain is over', async () => {
        const server = create({ timeouts: { drainMs: 50 } });
        const errors = new ErrorCollector();
        server.handleError = errors.handleError;
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        assert.equal(await client.ask('one'), 'ONE');
        await server.serverClose();
        assert.equal(await client.next(), '');
        await loop;
        assert.equal((await errors.next()).error.code, 'SERVER_DRAINING');
      });

      it('holds for the end of a lifetime too', async () => {
        const server = create({ endReadsOnDrain: true, timeouts: { maxLifetimeMs: 50, drainMs: 5_000 } });
        const errors = new ErrorCollector();
        server.handleError = errors.handleError;
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        assert.equal(await client.next(), 'goodbye');
        client.socket.close();
        await until(() => server.stats().served === 1);
        assert.deepEqual(
          errors.all.filter(({ error }) => error instanceof RequestTimeoutError),
          [],
        );
        await server.serverClose();
        await loop;
      });
    });
  }
}
