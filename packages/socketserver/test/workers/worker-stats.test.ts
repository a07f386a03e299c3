import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForkingTCPServer, ThreadingTCPServer, type WorkerStats } from '../../src/index.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from './handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

/** Less than any heap of Node's is. */
const leastHeap = 1024 ** 2;

for (const [engineName, engine] of workerEngines) {
  describe(`what server.stats() tells of workers, on the ${engineName} engine`, () => {
    it('shows that a thread computes, all the time since the last look, and that another is at rest', async () => {
      const [spins, mayEnd] = [0, 1];
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const server = new ThreadingTCPServer(address, Reckless, {
        engine,
        workers: { min: 2, max: 2 },
        workerData: flags,
      });
      await using _ = serving(server);
      await until(() => server.stats().workers.filter(({ state }) => state === 'ready').length === 2);
      await using spinner = await LineClient.to(server, engine);
      const computing = Number((await spinner.ask('where')).split(' ')[1]);
      assert.equal(await spinner.ask('spin 60000'), 'spinning');
      await Atomics.waitAsync(flags, spins, 0).value;
      const look = (): [one: WorkerStats, other: WorkerStats] => {
        const { workers } = server.stats();
        return [workers.find(({ id }) => id === computing)!, workers.find(({ id }) => id !== computing)!];
      };
      look(); // from here on
      await until(() => {
        const [spinning, resting] = look();
        const { utilization } = spinning;
        assert.ok(utilization > 0.99 && utilization <= 1, `${utilization} while it computes`);
        return resting.utilization < utilization; // soon: it may have been in the middle of its start
      }, 10);
      Atomics.store(flags, mayEnd, 1);
      assert.equal(await spinner.next(), 'done');
    });

    for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
      it(`shows the heap and the utilization of a worker of ${Server.name} that has served`, async () => {
        const server = new Server(address, Reckless, { engine });
        await using _ = serving(server);
        for (;;) {
          await using client = await LineClient.to(server, engine);
          await client.ask('hello');
          client.socket.close();
          const [worker] = server.stats().workers;
          if (worker!.heapBytes === 0) continue;
          assert.ok(worker!.heapBytes > leastHeap, `${worker!.heapBytes} bytes`);
          assert.ok(worker!.utilization > 0 && worker!.utilization <= 1, `${worker!.utilization}`);
          break;
        }
      });
    }
  });
}
