import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import {
  connect,
  ForkingTCPServer,
  type StreamSocket,
  SystemExit,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Echo, Failing, Goodbye, Stopping, Stubborn, WhereAmI } from './handlers/exchanges.ts';

const address = ['127.0.0.1', 0] as const;

async function converse(client: StreamSocket, bytes: string): Promise<string> {
  await client.sendall(bytes);
  client.shutdown('write');
  const answer = (await readAll(client)).toString();
  client.close();
  return answer;
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    describe(`${Server.name} on the ${engineName} engine`, () => {
      it('serves several clients, each to the end of its half-closed connection', async () => {
        const server = new Server(address, Echo, { engine });
        await using _ = serving(server);
        const clients = await Promise.all([1, 2, 3].map(() => connect(server.serverAddress, { engine })));
        const long = 'x'.repeat(300_000);
        const answers = await Promise.all(
          clients.map((client, index) => converse(client, `${index} ${long}`)),
        );
        assert.deepEqual(
          answers.map((answer) => [answer.slice(0, 2), answer.length]),
          [0, 1, 2].map((index) => [`${index} `, long.length + 2]),
        );
      });

      it('runs the handler elsewhere, and shows it the server and both addresses', async () => {
        const workerData = { some: ['data'], bytes: new Uint8Array([1, 2]) };
        const server = new Server(address, WhereAmI, { engine, workerData });
        await using _ = serving(server);
        const client = await connect(server.serverAddress, { engine });
        const place = JSON.parse((await readAll(client)).toString()) as Record<string, unknown>;
        if (Server === ForkingTCPServer) assert.notEqual(place['pid'], process.pid);
        else assert.notEqual(place['threadId'], 0);
        assert.deepEqual(place['workerData'], { some: ['data'], bytes: { 0: 1, 1: 2 } });
        assert.deepEqual(place['serverAddress'], server.serverAddress);
        assert.equal(place['engine'], server.engine);
        assert.deepEqual(place['clientAddress'], client.getsockname());
        assert.deepEqual(place['peer'], client.getsockname());
        assert.deepEqual(place['own'], server.serverAddress);
        client.close();
      });

      it('brings what a handler throws to handleError, whole, and the client reads what was sent before', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Failing, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        const client = await connect(server.serverAddress, { engine });
        const from = client.getsockname();
        assert.equal(await converse(client, 'error\n'), 'so far so good');
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, from);
        assert.equal(error.name, 'LuckError');
        assert.equal(error.message, 'no such luck');
        assert.match(error.stack!, /exchanges\.ts:\d+/);
        assert.deepEqual(Object.fromEntries(Object.entries(error)), {
          code: 'ELUCK',
          details: { attempts: 3 },
        });
        const cause = error.cause as NodeJS.ErrnoException;
        assert.ok(cause instanceof RangeError);
        assert.equal(cause.message, 'the reason');
        assert.equal(cause.code, 'EREASON');
        assert.equal(server.stats().failed, 1);
      });

      it('brings errors as what they are, and things that are no errors', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Failing, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        for (const what of ['type', 'text', 'timeout']) {
          const client = await connect(server.serverAddress, { engine });
          await client.sendall(`${what}\n`); // and stays open, for the timeout
          await readAll(client);
          client.close();
          await errors.next();
        }
        const [type, text, timeout] = errors.all.map(({ error }) => error);
        assert.ok(type instanceof TypeError);
        assert.equal(text, 'only text');
        assert.equal(timeout!.name, 'SocketTimeoutError');
        assert.equal(timeout!.code, 'SOCKET_TIMEOUT');
      });

      it('gives handleError a request that is only a name for what moved', async () => {
        const seen = Promise.withResolvers<StreamSocket>();
        const server = new Server(address, Failing, { engine });
        server.handleError = seen.resolve;
        await using _ = serving(server);
        const client = await connect(server.serverAddress, { engine });
        await converse(client, 'error\n');
        const request = await seen.promise;
        assert.equal(request.isHandedOver, true);
        assert.equal(request.fileno(), -1);
        await assert.rejects(request.recv(1), { code: 'CONNECTION_CLOSED' });
        await assert.rejects(request.sendall('x'), { code: 'CONNECTION_CLOSED' });
      });

      it('prints nothing about a client that merely went away', async () => {
        const server = new Server(address, Stubborn, { engine });
        await using loop = serving(server);
        using stderr = captureStderr();
        const client = await connect(server.serverAddress, { engine });
        await client.readExactly(5);
        client.reset();
        await loop[Symbol.asyncDispose]();
        assert.equal(stderr.text(), '');
        assert.equal(server.stats().failed, 1);
      });

      it('leaves serveForever with the SystemExit of a handler, past handleError', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Failing, { engine });
        server.handleError = errors.handleError;
        const loop = server.serveForever();
        const left = assert.rejects(loop, (error) => error instanceof SystemExit && error.exitStatus === 7);
        const client = await connect(server.serverAddress, { engine });
        await converse(client, 'exit\n');
        await left;
        await server.serverClose();
        assert.deepEqual(errors.all, []);
      });

      it('can be shut down from inside a handler, awaited', async () => {
        const server = new Server(address, Stopping, { engine });
        const loop = server.serveForever();
        const client = await connect(server.serverAddress, { engine });
        assert.equal((await readAll(client)).toString(), 'stopped');
        client.close();
        await loop;
        await server.serverClose();
      });

      it('tells handlers when it drains, and lets them finish', async () => {
        const server = new Server(address, Goodbye, { engine });
        const loop = server.serveForever();
        const client = await connect(server.serverAddress, { engine });
        await client.readExactly(6);
        const closed = server.serverClose();
        assert.equal((await readAll(client)).toString(), 'goodbye: SERVER_DRAINING');
        client.close();
        await closed;
        await loop;
      });

      it('ends requests that do not finish within drainMs, and says nothing of it', async () => {
        using stderr = captureStderr();
        const server = new Server(address, Stubborn, { engine, timeouts: { drainMs: 1 } });
        const loop = server.serveForever();
        const client = await connect(server.serverAddress, { engine });
        await client.readExactly(5);
        await server.serverClose();
        await loop;
        await client.recv(1).catch(() => undefined);
        client.close();
        assert.equal(stderr.text(), '');
      });

      it('serves one request and returns with handleRequest', async () => {
        await using server = new Server(address, Echo, { engine });
        const client = await connect(server.serverAddress, { engine });
        await server.handleRequest();
        assert.equal(await converse(client, 'once'), 'once');
      });

      it('can be closed without ever having served', async () => {
        const server = new Server(address, Echo, { engine });
        await server.serverClose();
        const other = new Server(address, Echo, { engine });
        const loop = other.serveForever();
        await other.serverClose();
        await loop;
      });

      it('counts', async () => {
        const server = new Server(address, Echo, { engine, workers: { min: 1, max: 1 } });
        await using loop = serving(server);
        for (const text of ['four', 'letters']) {
          const client = await connect(server.serverAddress, { engine });
          await converse(client, text);
        }
        const { workers } = server.stats();
        assert.equal(workers.length, 1);
        assert.equal(workers[0]!.kind, Server === ForkingTCPServer ? 'process' : 'thread');
        await loop[Symbol.asyncDispose]();
        const { accepted, active, served, failed, bytesRead, bytesWritten } = server.stats();
        assert.deepEqual(
          { accepted, active, served, failed, bytesRead, bytesWritten },
          { accepted: 2, active: 0, served: 2, failed: 0, bytesRead: 11, bytesWritten: 11 },
        );
        assert.deepEqual(server.stats().workers, []);
      });
    });
  }
}
