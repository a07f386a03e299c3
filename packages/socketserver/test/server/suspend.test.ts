import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  ForkingTCPServer,
  ForkingUDPServer,
  type InetAddress,
  observe,
  TCPServer,
  ThreadingTCPServer,
  ThreadingUDPServer,
  UDPServer,
} from '../../src/index.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { httpGet } from '../support/http-get.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { someTurns } from '../support/turns.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Echo, Goodbye } from '../workers/handlers/exchanges.ts';
import { DatagramExchange } from '../workers/handlers/matrix.ts';
import { until } from '../support/until.ts';

const address = ['127.0.0.1', 0] as const;

/** Sends four bytes again and again. */
async function askUntilAnswered(client: DatagramClient, to: InetAddress): Promise<void> {
  const answered = client.next();
  await until(async () => {
    await client.send('abcd', to);
    return (await Promise.race([answered, setTimeout(20)])) !== undefined;
  });
}

const workers = { min: 1, max: 2, requestsPerWorker: 8 };

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    const options = { engine, ...(/^Thr|^For/.test(Server.name) ? { workers } : {}) };

    describe(`suspend() of a ${Server.name} on the ${engineName} engine`, () => {
      it('lets clients wait, and resume() serves them in order', async () => {
        await using server = new Server(address, Echo, options);
        await using _ = serving(server);
        server.suspend();
        server.suspend();
        await using first = await LineClient.to(server, engine);
        await first.tell('one');
        await using second = await LineClient.to(server, engine);
        await second.tell('two');
        await someTurns();
        const { accepted, isSuspended } = server.stats();
        assert.deepEqual([accepted, isSuspended, server.isSuspended], [0, true, true]);
        server.resume();
        assert.equal(await first.next(), 'one');
        first.socket.close();
        assert.equal(await second.next(), 'two');
        second.socket.close();
        assert.equal(server.stats().isSuspended, false);
      });

      it('holds from before the server serves, over a shutdown(), and does not stop one', async () => {
        await using server = new Server(address, Echo, options);
        server.suspend();
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        await client.tell('hello');
        await someTurns();
        await server.shutdown();
        await loop;
        assert.equal(server.stats().accepted, 0);
        server.resume();
        await using _ = serving(server);
        assert.equal(await client.next(), 'hello');
        client.socket.close();
      });

      it('leaves requests that run alone, and drains them when the server closes', async () => {
        const server = new Server(address, Goodbye, { ...options, health: { address } });
        const loop = server.serveForever();
        await using client = await LineClient.to(server, engine);
        assert.equal((await client.socket.recv(100)).toString(), 'hello,');
        server.suspend();
        const { status, body } = await httpGet(server.health!.address, '/ready');
        assert.deepEqual([status, (JSON.parse(body) as { status: string }).status], [503, 'suspended']);
        await using waiting = await LineClient.to(server, engine);
        await someTurns();
        const closed = server.serverClose();
        assert.match((await client.socket.recv(100)).toString(), /SERVER_DRAINING/);
        client.socket.close();
        assert.equal(await waiting.next(), ''); // reset with the listening socket
        await Promise.all([closed, loop]);
        assert.equal(server.stats().accepted, 1);
      });
    });
  }

  for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer]) {
    for (const allowReusePort of /^Thr|^For/.test(Server.name) ? [false, true] : [false]) {
      const options = { engine, allowReusePort, ...(/^Thr|^For/.test(Server.name) ? { workers } : {}) };

      it(`suspend() lets datagrams wait for a ${Server.name}, ${engineName}, reusePort ${allowReusePort}`, async () => {
        await using server = new Server(address, DatagramExchange, options);
        await using _ = serving(server);
        await using client = new DatagramClient();
        assert.equal(await client.ask('abc', server.serverAddress), '3 false');
        server.suspend();
        await someTurns();
        // What comes to a socket of a worker while that closes it may be lost, as datagrams may.
        if (!allowReusePort) {
          const { accepted } = server.stats();
          await client.send('abcd', server.serverAddress);
          await someTurns();
          assert.equal(server.stats().accepted, accepted);
        }
        server.resume();
        if (allowReusePort) await askUntilAnswered(client, server.serverAddress);
        else assert.equal((await client.next())[0].toString(), '4 false');
      });
    }
  }
}

it('handleRequest() of a suspended server takes none, until it is resumed', async () => {
  await using server = new TCPServer(address, Echo, { timeout: 0.02 });
  server.suspend();
  await using client = await LineClient.to(server, 'node');
  await client.tell('hello');
  await server.handleRequest();
  assert.equal(server.stats().accepted, 0);
  server.timeout = undefined;
  const handled = server.handleRequest();
  server.resume();
  assert.equal(await client.next(), 'hello');
  client.socket.close();
  await handled;
});

it('suspend() and resume() are told once each, and do nothing on a closed server', async () => {
  const server = new TCPServer(address, Echo);
  const told: unknown[] = [];
  const { serverAddress } = server;
  using _ = observe({
    'socketserver:server:suspended': (event) => told.push('suspended', event),
    'socketserver:server:resumed': (event) => told.push('resumed', event),
  });
  server.resume();
  server.suspend();
  server.suspend();
  server.resume();
  await server.serverClose();
  server.suspend();
  assert.deepEqual(told, ['suspended', { serverAddress }, 'resumed', { serverAddress }]);
});
