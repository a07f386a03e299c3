import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentUDPServer,
  type DatagramLimitOptions,
  type DatagramRequest,
  type EngineChoice,
  UDPServer,
} from '../../src/index.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines as socketEngines } from '../support/worker-engines.ts';

const loopback = ['127.0.0.1', 0] as const;

/** A server whose handlers stop at a gate, and what they did. */
function gatedServer(
  Server: typeof UDPServer,
  { engine, ...limits }: DatagramLimitOptions & { readonly engine: EngineChoice },
) {
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  let running = 0;
  let mostAtOnce = 0;
  class Gated extends BaseRequestHandler<DatagramRequest> {
    override async handle() {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      handled.push(this.request[0].toString());
      await gate.promise;
      running -= 1;
    }
  }
  const server = new Server(loopback, Gated, { engine, limits });
  return { server, open: gate.resolve, handled, mostAtOnce: () => mostAtOnce };
}

/** Sends '0' to '9'; the server sees each before the next is sent. */
async function sendTen(client: DatagramClient, server: UDPServer, seen: () => number): Promise<void> {
  for (let index = 0; index < 10; index += 1) {
    await client.send(String(index), server.serverAddress);
    await until(() => seen() > index);
  }
}

describe('limits.maxPending', () => {
  for (const [name, engine] of socketEngines) {
    for (const [whenFull, expected] of [
      ['drop-newest', ['0', '1', '2']],
      ['drop-oldest', ['0', '8', '9']],
    ] as const) {
      it(`bounds what waits for a serial server: ${whenFull}, ${name}`, async () => {
        const { server, open, handled } = gatedServer(UDPServer, { engine, maxPending: 2, whenFull });
        await using _ = serving(server);
        await using client = new DatagramClient();
        await client.send('0', server.serverAddress);
        await until(() => handled.length === 1);
        for (let index = 1; index < 10; index += 1) await client.send(String(index), server.serverAddress);
        await until(() => server.droppedPackets === 7);
        open();
        await until(() => handled.length === 3);
        assert.deepEqual(handled, expected);
      });

      it(`bounds the handlers that run and what waits for a concurrent server: ${whenFull}, ${name}`, async () => {
        const { server, open, handled, mostAtOnce } = gatedServer(ConcurrentUDPServer, {
          engine,
          maxPending: 2,
          whenFull,
        });
        await using _ = serving(server);
        await using client = new DatagramClient();
        for (const packet of ['0', '1']) await client.send(packet, server.serverAddress);
        await until(() => handled.length === 2);
        for (let index = 2; index < 10; index += 1) await client.send(String(index), server.serverAddress);
        await until(() => server.droppedPackets === 6);
        assert.equal(server.activeRequests, 2);
        open();
        await until(() => handled.length === 4);
        assert.deepEqual(handled, whenFull === 'drop-newest' ? ['0', '1', '2', '3'] : ['0', '1', '8', '9']);
        assert.equal(mostAtOnce(), 2);
      });
    }

    it(`never runs more handlers of a concurrent server than that: ${name}`, async () => {
      const { server, open, handled, mostAtOnce } = gatedServer(ConcurrentUDPServer, {
        engine,
        maxPending: 3,
      });
      await using _ = serving(server);
      await using client = new DatagramClient();
      for (let index = 0; index < 6; index += 1) await client.send(String(index), server.serverAddress);
      await until(() => handled.length === 3);
      assert.equal(server.activeRequests, 3);
      open();
      await until(() => handled.length === 6);
      assert.deepEqual(handled, ['0', '1', '2', '3', '4', '5']);
      assert.equal(mostAtOnce(), 3);
    });

    it(`lets a full concurrent server go on as soon as one handler has ended: ${name}`, async () => {
      const gates = new Map<string, () => void>();
      class Gated extends BaseRequestHandler<DatagramRequest> {
        override handle() {
          return new Promise<void>((resolve) => gates.set(this.request[0].toString(), resolve));
        }
      }
      await using server = new ConcurrentUDPServer(loopback, Gated, { engine, limits: { maxPending: 1 } });
      await using _ = serving(server);
      await using client = new DatagramClient();
      for (const packet of ['a', 'b']) {
        await client.send(packet, server.serverAddress);
        await until(() => gates.has(packet));
        gates.get(packet)!();
      }
    });

    it(`keeps a full concurrent server able to shut down and to close: ${name}`, async () => {
      const { server, open, handled } = gatedServer(ConcurrentUDPServer, { engine, maxPending: 1 });
      const loop = server.serveForever();
      await using client = new DatagramClient();
      for (const packet of ['0', '1']) await client.send(packet, server.serverAddress);
      await until(() => handled.length === 1);
      await server.shutdown();
      await loop;
      open();
      await server.serverClose();
      assert.deepEqual(handled, ['0']);
    });

    it(`counts nothing while there is room: ${name}`, async () => {
      const { server, open, handled } = gatedServer(UDPServer, { engine, maxPending: Infinity });
      await using _ = serving(server);
      await using client = new DatagramClient();
      open();
      await sendTen(client, server, () => handled.length);
      assert.equal(server.droppedPackets, 0);
    });
  }
});
