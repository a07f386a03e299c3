import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  connect,
  type DatagramRequest,
  ForkingTCPServer,
  ForkingUDPServer,
  type InetAddress,
  type StreamSocket,
  TCPServer,
  ThreadingTCPServer,
  ThreadingUDPServer,
  UDPServer,
} from '../../src/index.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { TellDatagramId, TellStreamId } from './handlers/request-ids.ts';

const address = ['127.0.0.1', 0] as const;

async function askStream(server: { readonly serverAddress: InetAddress }): Promise<string> {
  await using client = await connect(server.serverAddress);
  return (await readAll(client)).toString();
}

for (const [engineName, engine] of workerEngines) {
  describe(`request ids on the ${engineName} engine`, () => {
    for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
      it(`of a ${Server.name} count from 1, the same in the server and in the handler`, async () => {
        const seen: number[] = [];
        const server = new Server(address, TellStreamId, { engine });
        server.verifyRequest = (request: StreamSocket<InetAddress>) => seen.push(request.id) > 0;
        await using _ = serving(server);
        for (const expected of ['1', '2', '3']) assert.equal(await askStream(server), expected);
        assert.deepEqual(seen, [1, 2, 3]);
      });
    }

    for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer]) {
      it(`of a ${Server.name} count from 1, the same in the server and in the handler`, async () => {
        const seen: number[] = [];
        const server = new Server(address, TellDatagramId, { engine });
        server.verifyRequest = ([, , , id]: DatagramRequest<InetAddress>) => seen.push(id) > 0;
        await using _ = serving(server);
        await using client = new DatagramClient();
        for (const expected of ['1 1', '2 2', '3 3'])
          assert.equal(await client.ask('which', server.serverAddress), expected);
        assert.deepEqual(seen, [1, 2, 3]);
      });
    }

    for (const Server of [ThreadingUDPServer, ForkingUDPServer]) {
      it(`of a ${Server.name} are all different where workers receive themselves`, async () => {
        const workers = { min: 2, max: 2 };
        const server = new Server(address, TellDatagramId, { engine, allowReusePort: true, workers });
        await using _ = serving(server);
        await until(() => server.stats().workers.filter(({ state }) => state === 'ready').length === 2);
        const ids = new Set<string>();
        for (let count = 0; count < 40; count += 1) {
          await using client = new DatagramClient(); // each from a port of its own, by which the kernel spreads
          ids.add(await client.ask('which', server.serverAddress));
        }
        assert.equal(ids.size, 40);
      });
    }
  });
}

it('a socket that connect() made has the id 0', async () => {
  const server = new TCPServer(address, TellStreamId);
  await using _ = serving(server);
  await using client = await connect(server.serverAddress);
  assert.equal(client.id, 0);
});
