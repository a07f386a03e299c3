import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForkingTCPServer, ThreadingTCPServer, type WorkerOptions } from '../../src/index.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { Reckless } from './handlers/reckless.ts';
import { until } from '../support/until.ts';

const address = ['127.0.0.1', 0] as const;

for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
  const start = (workers: WorkerOptions) => new Server(address, Reckless, { workers });

  /** Asks until a worker answers that is none of `known`. */
  const freshWorker = async (
    server: InstanceType<typeof Server>,
    known: readonly string[],
  ): Promise<string> => {
    let place = '';
    await until(async () => {
      await using client = await LineClient.to(server, 'node');
      place = await client.ask('where');
      assert.notEqual(place, '', 'a request was lost');
      return !known.includes(place);
    });
    return place;
  };

  describe(`the workers of ${Server.name}`, () => {
    for (const [name, workers] of [
      ['after maxRequests requests', { maxRequests: 2 }],
      ['after maxAgeMs', { maxAgeMs: 1 }],
      ['when their heap reaches maxHeapMb', { maxHeapMb: 1 }],
    ] as const) {
      it(`are replaced ${name}, and no request is lost`, async () => {
        const server = start({ max: 1, ...workers });
        await using _ = serving(server);
        const first = await freshWorker(server, []);
        const second = await freshWorker(server, [first]);
        await freshWorker(server, [first, second]);
        assert.equal(server.stats().failed, 0);
      });
    }

    it('keep serving an old connection when they are replaced', async () => {
      const server = start({ maxRequests: 1, requestsPerWorker: 2, max: 1 });
      await using _ = serving(server);
      await using old = await LineClient.to(server, 'node');
      const home = await old.ask('where');
      await freshWorker(server, [home]);
      assert.equal(await old.ask('where'), home);
    });

    it('grow with the load and go when they were idle for idleMs, down to the minimum', async () => {
      const server = start({ min: 1, max: 3, requestsPerWorker: 1, idleMs: 20 });
      await using _ = serving(server);
      const clients = await Promise.all([1, 2, 3].map(() => LineClient.to(server, 'node')));
      const places = await Promise.all(clients.map((client) => client.ask('where')));
      assert.equal(new Set(places).size, 3);
      for (const { socket } of clients) socket.close();
      await until(() => server.stats().workers.length <= 1);
      assert.ok(places.includes(await freshWorker(server, [])));
    });

    it('take no more requests than they may, and the others wait in order', async () => {
      const server = start({ max: 2, requestsPerWorker: 1 });
      await using _ = serving(server);
      const clients = await Promise.all([1, 2, 3, 4].map(() => LineClient.to(server, 'node')));
      const order: number[] = [];
      const answers = clients.map(async (client, index) => {
        await client.ask('where');
        order.push(index);
      });
      await Promise.all(answers.slice(0, 2));
      clients[0]!.socket.close();
      await answers[2];
      clients[1]!.socket.close();
      await answers[3];
      assert.deepEqual(order.slice(2), [2, 3]);
      for (const { socket } of clients) socket.close();
    });

    it('refuse options that make no sense', () => {
      const refuses = (workers: object, message: RegExp): void =>
        assert.throws(() => start(workers), { message });
      refuses({ count: 3 }, /options\.workers must have only the keys min, max, .*, got count/);
      refuses({ min: 3, max: 2 }, /options\.workers\.min must be at most options\.workers\.max \(2\), got 3/);
      refuses({ max: 0 }, /options\.workers\.max must be an integer from 1 to 1024, got 0/);
      refuses({ execArgv: '--expose-gc' }, /options\.workers\.execArgv must be a list of strings/);
    });
  });
}

describe("Python's knobs", () => {
  it('are class attributes, and options win', async () => {
    class Mine extends ForkingTCPServer {
      static override readonly maxChildren = 7;
      static override readonly blockOnClose = false;
    }
    await using byClass = new Mine(address, Reckless);
    await using byOption = new Mine(address, Reckless, { maxChildren: 9, blockOnClose: true });
    assert.deepEqual([byClass.maxChildren, byClass.blockOnClose, byClass.timeout], [7, false, 300]);
    assert.deepEqual([byOption.maxChildren, byOption.blockOnClose], [9, true]);
    await using threading = new ThreadingTCPServer(address, Reckless);
    assert.deepEqual(
      [threading.daemonThreads, threading.blockOnClose, threading.timeout],
      [false, true, undefined],
    );
    await using forking = new ForkingTCPServer(address, Reckless);
    assert.deepEqual([forking.maxChildren, forking.blockOnClose], [40, true]);
  });

  it('show the children while there are some', async () => {
    const server = new ForkingTCPServer(address, Reckless);
    const loop = serving(server);
    await using client = await LineClient.to(server, 'node');
    const [pid] = (await client.ask('where')).split(' ');
    assert.ok(server.activeChildren.has(Number(pid)));
    server.collectChildren();
    client.socket.close();
    await loop[Symbol.asyncDispose]();
    assert.deepEqual([...server.activeChildren], []);
  });

  for (const options of [{ blockOnClose: false }, { daemonThreads: true }]) {
    it(`let serverClose return while a request runs: ${JSON.stringify(options)}`, async () => {
      const server = new ThreadingTCPServer(address, Reckless, options);
      const loop = server.serveForever();
      const client = await LineClient.to(server, 'node');
      await client.ask('where');
      await server.serverClose();
      await loop;
      assert.equal(await client.ask('still'), 'still');
      client.socket.close();
    });
  }
});
