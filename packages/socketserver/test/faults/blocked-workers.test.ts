import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type EngineChoice,
  ForkingTCPServer,
  ThreadingTCPServer,
  type WorkerBlockedEvent,
} from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { signOfLifeMs } from '../support/sign-of-life.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

/** How long others ask while the handler spins: twenty times as long as it takes until its thread counts as blocked. */
const spinMs = 2_000;

/** Fifty clients, who come, ask, and stay. */
class Crowd {
  readonly #clients: LineClient[];

  private constructor(clients: LineClient[]) {
    this.#clients = clients;
  }

  static async to(server: ThreadingTCPServer, engine: EngineChoice): Promise<Crowd> {
    const crowd = new Crowd(
      await Promise.all(Array.from({ length: 50 }, () => LineClient.to(server, engine))),
    );
    await crowd.ask();
    return crowd;
  }

  async ask(): Promise<void> {
    const answers = await Promise.all(this.#clients.map((client) => client.ask('hello')));
    for (const answer of answers) assert.equal(answer, 'hello');
  }

  leave(): void {
    for (const { socket } of this.#clients) socket.close();
  }
}

for (const [engineName, engine] of workerEngines) {
  describe(`a handler that blocks its event loop, on the ${engineName} engine`, () => {
    // That nobody waits for long either, while another thread is there or starts, is in workers/request-dispatch.test.ts.
    it('holds up nobody who comes while its thread spins, though it is the only one', async () => {
      const [spins, mayEnd] = [0, 1];
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const server = new ThreadingTCPServer(address, Reckless, { engine, workerData: flags });
      await using _ = serving(server);
      await using spinner = await LineClient.to(server, engine);
      assert.equal(await spinner.ask('spin 600000'), 'spinning');
      await Atomics.waitAsync(flags, spins, 0).value;
      await delay(signOfLifeMs);
      const began = performance.now();
      let isOver = false;
      const done = spinner.next().finally(() => (isOver = true));
      const crowds = [await Crowd.to(server, engine)];
      while (performance.now() - began < spinMs) await crowds[0]!.ask();
      crowds.push(await Crowd.to(server, engine));
      // The handler spins until it is told not to: whoever was given to its thread would wait for ever.
      assert.equal(isOver, false);
      Atomics.store(flags, mayEnd, 1);
      assert.equal(await done, 'done');
      for (const crowd of crowds) crowd.leave();
    });

    it('is reported once, with its client, when others wait, and the pool grows past the cores', async () => {
      const blocked: WorkerBlockedEvent[] = [];
      const note = (event: unknown): void => void blocked.push(event as WorkerBlockedEvent);
      subscribe('socketserver:worker:blocked', note);
      const held = new Int32Array(new SharedArrayBuffer(4));
      const timeouts = { drainMs: 0 };
      const server = new ThreadingTCPServer(address, Reckless, { engine, timeouts, workerData: held });
      server.handleError = () => {};
      await using _ = serving(server);
      const sleepers: LineClient[] = [];
      for (let count = 0; count < 4; count += 1) {
        const sleeper = await LineClient.to(server, engine);
        await sleeper.tell('sleep 600000');
        await Atomics.waitAsync(held, 0, count).value;
        sleepers.push(sleeper);
      }
      await using late = await LineClient.to(server, engine);
      assert.equal(await late.ask('hello'), 'hello');
      unsubscribe('socketserver:worker:blocked', note);
      assert.ok(server.stats().workers.length >= 5);
      const clients = blocked.flatMap(({ requests }) => requests);
      const expected = sleepers.map(({ socket }) => socket.getsockname());
      assert.deepEqual(clients.toSorted(byPort), expected.slice(0, clients.length).toSorted(byPort));
      assert.equal(new Set(blocked.map(({ worker }) => worker)).size, blocked.length);
      assert.ok(blocked.length > 0);
      for (const { socket } of sleepers) socket.reset();
    });

    for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
      it(`is ended after blockedMs in ${Server.name}, and its client is told so; without that it goes on`, async () => {
        const errors = new ErrorCollector();
        const patient = new Server(address, Reckless, { engine, timeouts: { drainMs: 0 } });
        patient.handleError = () => {};
        await using _patient = serving(patient);
        await using earlier = await LineClient.to(patient, engine);
        assert.equal(await earlier.ask('sleep 600000'), 'sleeping');
        const server = new Server(address, Reckless, { engine, workers: { blockedMs: 1_000 } });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        const ids = (which: typeof server): number[] => which.stats().workers.map(({ id }) => id);
        await until(() => ids(server).length > 0);
        const blocked = ids(server);
        const blockedOfPatient = ids(patient);
        await using spinner = await LineClient.to(server, engine);
        assert.equal(await spinner.ask('spin 600000'), 'spinning');
        assert.equal(await spinner.next(), '');
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, spinner.socket.getsockname());
        assert.equal(error.code, 'WORKER_LOST');
        assert.equal((error as unknown as { reason: string }).reason, 'blocked');
        await using next = await LineClient.to(server, engine);
        assert.equal(await next.ask('hello'), 'hello');
        assert.deepEqual(
          ids(server).filter((id) => blocked.includes(id)),
          [],
        );
        // Its handler has held the event loop up for longer than the other one did.
        assert.deepEqual(ids(patient), blockedOfPatient);
        assert.equal(patient.stats().active, 1);
      });

      it(`does not keep ${Server.name} from closing: it is ended after drainMs`, async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Reckless, { engine, timeouts: { drainMs: 10 } });
        server.handleError = errors.handleError;
        const loop = serving(server);
        await using spinner = await LineClient.to(server, engine);
        assert.equal(await spinner.ask('spin 600000'), 'spinning');
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
