import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ForkingTCPServer, ThreadingTCPServer, type WorkerBlockedEvent } from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

/** More than the time for which a thread counts as one that moves after it has: who comes before that may be given to it. */
const signOfLifeMs = 5;

for (const [engineName, engine] of workerEngines) {
  describe(`a handler that blocks its event loop, on the ${engineName} engine`, () => {
    it('holds up nobody who comes while its thread spins: fifty others are answered all the while', async () => {
      const [spins, mayEnd] = [0, 1];
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const server = new ThreadingTCPServer(address, Reckless, {
        engine,
        workers: { min: 2 },
        workerData: flags,
      });
      await using _ = serving(server);
      await using spinner = await LineClient.to(server, engine);
      assert.equal(await spinner.ask('spin 100000'), 'spinning');
      await Atomics.waitAsync(flags, spins, 0).value;
      await delay(signOfLifeMs);
      const spin = { isOver: false };
      const done = spinner.next().finally(() => (spin.isOver = true));
      const others = await Promise.all(Array.from({ length: 50 }, () => LineClient.to(server, engine)));
      for (let round = 0; round < 20; round += 1) {
        assert.deepEqual(
          await Promise.all(others.map((other, index) => other.ask(`line${index}`))),
          others.map((_, index) => `line${index}`),
        );
      }
      // One of them that was given to the thread that spins would have waited until it was told to end, or ended by itself.
      assert.equal(spin.isOver, false);
      Atomics.store(flags, mayEnd, 1);
      for (const other of others) other.socket.close();
      assert.equal(await done, 'done');
    });

    it('is reported once, with its client, when others wait, and the pool grows past the cores', async () => {
      const blocked: WorkerBlockedEvent[] = [];
      const note = (event: unknown): void => void blocked.push(event as WorkerBlockedEvent);
      subscribe('socketserver:worker:blocked', note);
      const spinning = new Int32Array(new SharedArrayBuffer(4));
      const timeouts = { drainMs: 0 };
      const server = new ThreadingTCPServer(address, Reckless, { engine, timeouts, workerData: spinning });
      server.handleError = () => {};
      await using _ = serving(server);
      const spinners: LineClient[] = [];
      for (let count = 0; count < 4; count += 1) {
        const spinner = await LineClient.to(server, engine);
        await spinner.tell('spin 1000000');
        await Atomics.waitAsync(spinning, 0, count).value;
        spinners.push(spinner);
      }
      await using late = await LineClient.to(server, engine);
      assert.equal(await late.ask('hello'), 'hello');
      unsubscribe('socketserver:worker:blocked', note);
      assert.ok(server.stats().workers.length >= 5);
      const clients = blocked.flatMap(({ requests }) => requests);
      const expected = spinners.map(({ socket }) => socket.getsockname());
      assert.deepEqual(clients.toSorted(byPort), expected.slice(0, clients.length).toSorted(byPort));
      assert.equal(new Set(blocked.map(({ worker }) => worker)).size, blocked.length);
      assert.ok(blocked.length > 0);
      for (const { socket } of spinners) socket.reset();
    });

    for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
      it(`is ended after blockedMs in ${Server.name}, and its client is told so`, async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine, workers: { blockedMs: 300 } });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        await using spinner = await LineClient.to(server, engine);
        assert.equal(await spinner.ask('spin 1000000'), 'spinning');
        assert.equal(await spinner.next(), '');
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, spinner.socket.getsockname());
        assert.equal(error.code, 'WORKER_LOST');
        assert.equal((error as unknown as { reason: string }).reason, 'blocked');
        await using next = await LineClient.to(server, engine);
        assert.equal(await next.ask('hello'), 'hello');
      });

      it(`does not keep ${Server.name} from closing: it is ended after drainMs`, async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine, timeouts: { drainMs: 10 } });
        server.handleError = errors.handleError;
        const loop = serving(server);
        await using spinner = await LineClient.to(server, engine);
        assert.equal(await spinner.ask('spin 1000000'), 'spinning');
        await loop[Symbol.asyncDispose]();
        const [lost] = errors.all;
        assert.equal((lost!.error as unknown as { reason: string }).reason, 'closed');
        assert.deepEqual(server.stats().workers, []);
      });
    }
  });
}

function byPort(one: unknown, other: unknown): number {
  return (one as [string, number])[1] - (other as [string, number])[1];
}
