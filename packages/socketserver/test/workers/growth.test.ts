import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import { ForkingTCPServer, ThreadingTCPServer } from '../../src/index.ts';
import { workerStartedChannel } from '../../src/diagnostics/worker-events.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from './handlers/reckless.ts';
import { until } from '../support/until.ts';

const address = ['127.0.0.1', 0] as const;
const cores = availableParallelism();

for (const [engineName, engine] of workerEngines) {
  const crowdOf = (count: number, server: ThreadingTCPServer | ForkingTCPServer): Promise<LineClient[]> =>
    Promise.all(Array.from({ length: count }, () => LineClient.to(server, engine)));

  describe(`a crowd of clients at once, on the ${engineName} engine`, () => {
    it('starts no more processes at a time than there are cores, and each of those that stay gets one', async ({
      mock,
    }) => {
      // The clock stands still: no start takes so long that the pool takes it for one that waits for something else.
      mock.method(performance, 'now', () => 1_000);
      const server = new ForkingTCPServer(address, Reckless, { engine, workers: { max: 8 } });
      const starting: number[] = [];
      const look = (): void => {
        starting.push(server.stats().workers.filter(({ state }) => state === 'starting').length);
      };
      const started = (): void => queueMicrotask(look); // when the next ones have been started
      await using _ = serving(server);
      const clients = await crowdOf(16, server);
      workerStartedChannel.subscribe(started);
      const answers = clients.slice(0, 8).map((client) => client.ask('where'));
      const places = new Set(await Promise.all(answers));
      workerStartedChannel.unsubscribe(started);
      assert.equal(places.size, 8);
      const most = Math.max(...starting);
      assert.ok(most >= 1 && most <= cores, `${most} at a time`);
      for (const { socket } of clients) socket.close();
    });

    it('of forty whose requests are short is served by the processes that are there', async () => {
      const server = new ForkingTCPServer(address, Reckless, { engine });
      await using _ = serving(server);
      for (let count = 0; count < 20; count += 1) {
        await using client = await LineClient.to(server, engine);
        await client.ask('where'); // so that the server knows how long they take
      }
      const before = server.stats().workers.length;
      const clients = await crowdOf(40, server);
      const places = clients.map(async (client) => {
        const place = await client.ask('where');
        client.socket.close();
        return place;
      });
      assert.ok(!(await Promise.all(places)).includes(''));
      const started = server.stats().workers.length - before;
      assert.ok(started <= Math.max(2, cores), `${started} processes for forty short requests`);
    });

    it('is served in order', async () => {
      const server = new ForkingTCPServer(address, Reckless, { engine, workers: { max: 1 } });
      await using _ = serving(server);
      const clients: LineClient[] = [];
      for (let count = 0; count < 16; count += 1) clients.push(await LineClient.to(server, engine));
      const order: number[] = [];
      const answers = clients.map(async (client, index) => {
        await client.ask('where');
        order.push(index);
        client.socket.close();
      });
      await Promise.all(answers);
      assert.deepEqual(
        order,
        clients.map((_, index) => index),
      );
    });

    it('that stays is spread over one thread a core', async () => {
      const server = new ThreadingTCPServer(address, Reckless, { engine });
      await using _ = serving(server);
      await using first = await LineClient.to(server, engine);
      await first.ask('where'); // the thread is there, and waits
      const clients = await crowdOf(4 * cores - 1, server);
      const places = await Promise.all([first, ...clients].map((client) => client.ask('where')));
      const counts = new Map<string, number>();
      for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
      // A thread that the system lets wait for a moment answers late, and is given less meanwhile.
      assert.equal(counts.size, cores, JSON.stringify([...counts]));
      assert.ok(
        [...counts.values()].every((count) => count >= 2 && count <= 6),
        JSON.stringify([...counts]),
      );
      const active = server.stats().workers.map((worker) => worker.active);
      assert.deepEqual(new Set(active), new Set(counts.values()));
      for (const { socket } of clients) socket.close();
    });

    it('that comes one after the other has one thread', async () => {
      const server = new ThreadingTCPServer(address, Reckless, { engine });
      await using _ = serving(server);
      for (let count = 0; count < 30; count += 1) {
        await using client = await LineClient.to(server, engine);
        await client.ask('where');
        client.socket.close();
        await until(() => server.stats().active === 0);
      }
      assert.equal(server.stats().workers.length, 1);
    });
  });
}
