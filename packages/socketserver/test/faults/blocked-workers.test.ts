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
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

const address = ['127.0.0.1', 0] as const;

/** More than the time for which a thread counts as one that moves after it has: who comes before that may be given to it. */
const signOfLifeMs = 5;

/** How long a handler spins at least. */
const spinMs = 2_000;

/** What fifty clients of two servers met, in milliseconds: one whose only thread spun, and one whose only thread did not. */
interface Turn {
  readonly spin: number;
  readonly longest: number;
  readonly longestOfControl: number;
}

/**
 * Whether no pause was due to the spin. Who waits for the thread that spins waits for as long as it does; who waits for
 * anything else (another thread's start, a core of a machine with more to do) does so on the control server too, and as
 * long. So the spin lasts four times as long as any pause of the control, and no pause may be half of it. What hits one of
 * the two by chance does not do so in every turn; what the spin does to its server does.
 */
function isFree({ spin, longest }: Turn): boolean {
  return longest < spin / 2;
}

/** Has fifty clients each ask both servers, by turns, for as long as the handler spins, all of whom came after it began to. */
async function turn(engine: EngineChoice): Promise<Turn> {
  const [spins, mayEnd] = [0, 1];
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const options = { engine, workerData: flags };
  const [server, control] = [0, 1].map(() => new ThreadingTCPServer(address, Reckless, options));
  await using _ = serving(server!);
  await using _control = serving(control!);
  await using spinner = await LineClient.to(server!, engine);
  await using resting = await LineClient.to(control!, engine);
  assert.equal(await resting.ask('hello'), 'hello');
  assert.equal(await spinner.ask('spin 60000'), 'spinning');
  await Atomics.waitAsync(flags, spins, 0).value;
  await delay(signOfLifeMs);
  const spin = { began: performance.now(), isOver: false };
  const done = spinner.next().finally(() => (spin.isOver = true));
  const crowds = [new Crowd(control!, engine), new Crowd(server!, engine)] as const;
  const lasted = (): number => performance.now() - spin.began;
  for (let round = 0; lasted() < Math.max(spinMs, 4 * crowds[0].longestPause); round += 1) {
    await crowds[round % 2]!.ask();
    // Whoever was given to the thread that spins has waited until it was over.
    assert.equal(spin.isOver, false);
  }
  const [longestOfControl, longest] = crowds.map(({ longestPause }) => longestPause) as [number, number];
  const spun = lasted();
  Atomics.store(flags, mayEnd, 1);
  for (const crowd of crowds) crowd.leave();
  assert.equal(await done, 'done');
  return { spin: spun, longest, longestOfControl };
}

/** Fifty clients. */
class Crowd {
  /** The longest time that one of them waited for an answer, for the first of all from before it connected. */
  longestPause = 0;
  readonly #server: ThreadingTCPServer;
  readonly #engine: EngineChoice;
  #clients: LineClient[] = [];

  constructor(server: ThreadingTCPServer, engine: EngineChoice) {
    this.#server = server;
    this.#engine = engine;
  }

  /** Each of them asks once. */
  async ask(): Promise<void> {
    const clients = await Promise.all(
      Array.from({ length: 50 }, (_, index) => this.#ask(this.#clients[index])),
    );
    this.#clients = clients;
  }

  async #ask(known: LineClient | undefined): Promise<LineClient> {
    const began = performance.now();
    const client = known ?? (await LineClient.to(this.#server, this.#engine));
    assert.equal(await client.ask('hello'), 'hello');
    this.longestPause = Math.max(this.longestPause, performance.now() - began);
    return client;
  }

  leave(): void {
    for (const { socket } of this.#clients) socket.close();
  }
}

for (const [engineName, engine] of workerEngines) {
  describe(`a handler that blocks its event loop, on the ${engineName} engine`, () => {
    it('holds up nobody who comes while its thread spins, though it is the only one', async () => {
      const turns: Turn[] = [];
      do turns.push(await turn(engine));
      while (!isFree(turns.at(-1)!) && turns.length < 5);
      assert.ok(isFree(turns.at(-1)!), JSON.stringify(turns));
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
        await spinner.tell('spin 600000');
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
        assert.equal(await spinner.ask('spin 600000'), 'spinning');
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
