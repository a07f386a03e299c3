import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  type DatagramRequest,
  ForkingTCPServer,
  ForkingUDPServer,
  type InetAddress,
  observe,
  type ServerStats,
  type StreamSocket,
  TCPServer,
  ThreadingTCPServer,
  ThreadingUDPServer,
  UDPServer,
} from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Obey } from '../workers/handlers/datagrams.ts';
import { StreamExchange } from '../workers/handlers/matrix.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

interface Counting {
  stats(): ServerStats;
}

function totals(server: Counting) {
  const { accepted, active, served, failed, refused } = server.stats();
  assert.equal(accepted, served + failed + refused + active);
  return { active, served, failed, refused };
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    it(`a ${Server.name} on the ${engineName} engine accounts for every connection, at every step`, async () => {
      const errors = new ErrorCollector();
      const server = new Server(address, StreamExchange, { engine });
      let unwanted = '';
      const seen: object[] = [];
      server.handleError = (request, clientAddress, error) => {
        seen.push(totals(server));
        errors.handleError(request, clientAddress, error);
      };
      server.verifyRequest = ({ id }) => {
        seen.push(totals(server));
        return String(id) !== unwanted;
      };
      server.shutdownRequest = (request) => {
        seen.push(totals(server));
        return server.closeRequest(request);
      };
      await using _ = serving(server);

      const one = await LineClient.to(server, engine);
      await one.tell('echo');
      assert.equal(await one.ask('are you there'), 'are you there');
      assert.deepEqual(totals(server), { active: 1, served: 0, failed: 0, refused: 0 });
      one.socket.close();
      await until(() => server.stats().active === 0);
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 0, refused: 0 });

      await using two = await LineClient.to(server, engine);
      assert.equal(await two.ask('error'), 'partial');
      await errors.next();
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 1, refused: 0 });

      unwanted = '3';
      await using three = await LineClient.to(server, engine);
      assert.equal(await three.next(), '');
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 1, refused: 1 });
      // In verifyRequest each is active; in handleError and shutdownRequest it is counted.
      assert.deepEqual(seen, [
        { active: 1, served: 0, failed: 0, refused: 0 },
        ...(Server === TCPServer || Server === ConcurrentTCPServer
          ? [{ active: 0, served: 1, failed: 0, refused: 0 }]
          : []),
        { active: 1, served: 1, failed: 0, refused: 0 },
        { active: 0, served: 1, failed: 1, refused: 0 },
        ...(Server === TCPServer || Server === ConcurrentTCPServer
          ? [{ active: 0, served: 1, failed: 1, refused: 0 }]
          : []),
        { active: 1, served: 1, failed: 1, refused: 0 },
        { active: 0, served: 1, failed: 1, refused: 1 },
      ]);
    });
  }

  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    it(`a ${Server.name} on the ${engineName} engine counts what a lost worker takes along as failed`, async () => {
      const errors = new ErrorCollector();
      const server = new Server(address, Reckless, {
        engine,
        workers: { min: 1, max: 1, requestsPerWorker: 2 },
      });
      server.handleError = errors.handleError;
      await using _ = serving(server);
      await using doomed = await LineClient.to(server, engine);
      await using bystander = await LineClient.to(server, engine);
      await doomed.ask('here');
      await bystander.ask('here');
      assert.deepEqual(totals(server), { active: 2, served: 0, failed: 0, refused: 0 });
      await doomed.tell('exit 3');
      await Promise.all([errors.next(), errors.next()]);
      assert.deepEqual(totals(server), { active: 0, served: 0, failed: 2, refused: 0 });
      await using next = await LineClient.to(server, engine);
      assert.equal(await next.ask('later'), 'later');
      next.socket.close();
      await until(() => server.stats().active === 0);
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 2, refused: 0 });
      assert.deepEqual(
        server.stats().workers.map(({ restarts }) => restarts),
        [1],
      );
    });
  }

  for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer]) {
    it(`a ${Server.name} on the ${engineName} engine accounts for every datagram, and its bytes`, async () => {
      const errors = new ErrorCollector();
      const server = new Server(address, Obey, { engine });
      server.handleError = errors.handleError;
      server.verifyRequest = ([data]: DatagramRequest) => data.toString() !== 'unwanted';
      await using _ = serving(server);
      await using client = new DatagramClient();
      const answer = await client.ask('word', server.serverAddress);
      await client.send('unwanted', server.serverAddress);
      await client.send('fail', server.serverAddress);
      await errors.next();
      await until(() => server.stats().active === 0);
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 1, refused: 1 });
      const { bytesRead, bytesWritten } = server.stats();
      assert.deepEqual([bytesRead, bytesWritten], ['wordunwantedfail'.length, answer.length]);
    });
  }

  for (const Server of [ThreadingUDPServer, ForkingUDPServer]) {
    it(`a ${Server.name} whose workers receive on the ${engineName} engine counts what is lost with them`, async () => {
      const workers = { min: 1, max: 1, requestsPerWorker: 8 };
      const server = new Server(address, Obey, { engine, allowReusePort: true, workers });
      server.handleError = () => {};
      server.handleWorkerLost = () => {};
      await using _ = serving(server);
      await until(() => server.stats().workers.some(({ state }) => state === 'ready'));
      await using client = new DatagramClient();
      const answer = await client.ask('deaf', server.serverAddress);
      await until(() => server.stats().active === 1);
      assert.deepEqual(totals(server), { active: 1, served: 0, failed: 0, refused: 0 });
      await client.send('exit', server.serverAddress);
      await until(() => server.stats().active === 0);
      assert.deepEqual(totals(server), { active: 0, served: 0, failed: 2, refused: 0 });
      assert.ok(server.stats().bytesRead >= 'deaf'.length);
      assert.ok(server.stats().bytesWritten >= 0 && answer === 'deaf');
    });
  }
}

it('what a worker that is killed cannot tell of any more has failed', async () => {
  const workers = { min: 1, max: 1, requestsPerWorker: 100 };
  const server = new ForkingUDPServer(address, Obey, { allowReusePort: true, workers });
  const errors = new ErrorCollector();
  server.handleError = errors.handleError;
  server.handleWorkerLost = () => {};
  await using _ = serving(server);
  await until(() => server.stats().workers.some(({ state }) => state === 'ready'));
  let handed = 0;
  using __ = observe({ 'socketserver:request:accepted': () => (handed += 1) });
  let active = 0;
  // The kernel spreads clients over the sockets of the server and of the worker: until that has one itself.
  await until(async () => {
    await using client = new DatagramClient();
    await client.ask('deaf', server.serverAddress);
    active += 1;
    await until(() => server.stats().active === active);
    return active > handed;
  });
  process.kill(server.stats().workers[0]!.id, 'SIGKILL');
  await until(() => server.stats().active === 0);
  assert.deepEqual(totals(server), { active: 0, served: 0, failed: active, refused: 0 });
  assert.equal(errors.all.length, handed, 'of the others nobody knows whose they were');
});

describe('the counts of a server whose processRequest is its own', () => {
  class Quick extends BaseRequestHandler {
    override handle() {}
  }

  it('take a request as served when it returns', async () => {
    class Own extends TCPServer {
      override async processRequest(request: StreamSocket<InetAddress>) {
        await request.sendall('own\n');
        request.close();
      }
    }
    const server = new Own(address, Quick);
    await using _ = serving(server);
    await using client = await LineClient.to(server, 'node');
    assert.equal(await client.next(), 'own');
    await until(() => server.stats().active === 0);
    assert.deepEqual(totals(server), { active: 0, served: 1, failed: 0, refused: 0 });
  });

  for (const [when, wait] of [
    ['before it returns', () => {}],
    ['only later', () => new Promise(setImmediate)],
  ] as const) {
    it(`count a request once that it runs ${when}`, async () => {
      const ended = Promise.withResolvers<void>();
      class Own extends TCPServer {
        override async processRequest(request: StreamSocket<InetAddress>, clientAddress: InetAddress) {
          const start = async (): Promise<void> => {
            await wait();
            await this.runRequest(request, clientAddress);
            ended.resolve();
          };
          void start();
        }
      }
      const server = new Own(address, Quick);
      await using _ = serving(server);
      await using client = await LineClient.to(server, 'node');
      assert.equal(await client.next(), '');
      await ended.promise;
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 0, refused: 0 });
    });
  }

  it('count a request once whose shutdownRequest fails', async () => {
    const errors = new ErrorCollector();
    for (const Server of [TCPServer, ConcurrentTCPServer]) {
      const server = new Server(address, Quick);
      server.shutdownRequest = () => assert.fail('as asked');
      server.handleError = errors.handleError;
      await using _ = serving(server);
      const client = await LineClient.to(server, 'node').catch(() => undefined); // reset as it comes
      await errors.next();
      client?.socket.close();
      assert.deepEqual(totals(server), { active: 0, served: 1, failed: 0, refused: 0 });
    }
  });
});
