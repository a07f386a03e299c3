import assert from 'node:assert/strict';
import process from 'node:process';
import type { EngineChoice, ServerStats, SocketAddress } from '../../src/index.ts';
import { type Holdings, holdingsOf } from '../support/holdings.ts';
import { until } from '../support/until.ts';
import { heapInUse, heapQuestion } from './echo-or-heap.ts';
import type { LeakTransport } from './leak-transports.ts';

/** Any of the classes, as a trial uses it. */
export interface AnyServer {
  readonly serverAddress: SocketAddress;
  stats(): ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

interface TrialOptions {
  readonly transport: LeakTransport;
  readonly engine: EngineChoice;
  /** Whether it is the same workers that serve all requests. */
  readonly workersStay: boolean;
}

/** What a server, its workers and its clients hold while no request runs. */
interface Held extends Holdings {
  /** What heaps and buffers use after a collection: those of the clients' thread, and of all workers that stay. */
  readonly heapBytes: number;
}

/** Clients at a time, at most. */
const clientsAtOnce = 10;

/** A leak grows in every round; what the platform opens late, compiles, or keeps for later does not. */
const mostRounds = 10;

/** Comes and goes through one server, and looks at what stays behind. */
export class LeakTrial {
  readonly #server: AnyServer;
  readonly #transport: LeakTransport;
  readonly #engine: EngineChoice;
  readonly #workersStay: boolean;

  constructor(server: AnyServer, { transport, engine, workersStay }: TrialOptions) {
    this.#server = server;
    this.#transport = transport;
    this.#engine = engine;
    this.#workersStay = workersStay;
  }

  /**
   * Has `count` clients come and go, round after round, until a round leaves nothing behind.
   *
   * @throws AssertionError when every round left something.
   */
  async run(count: number): Promise<void> {
    await this.#round(Math.min(count, 1_000)); // until everything has been opened that is kept
    const rounds: object[] = [];
    let before = await this.#look();
    do {
      await this.#round(count);
      const after = await this.#look();
      const growth = growthOf(before, after);
      rounds.push(growth);
      if (isNothing(growth, count, after.processes)) return;
      before = after;
    } while (rounds.length < mostRounds);
    assert.fail(`${count} clients left something behind in each round: ${JSON.stringify(rounds)}`);
  }

  async #round(count: number): Promise<void> {
    let next = 0;
    const line = async (): Promise<void> => {
      while (next < count) await this.#comeAndGo(next++);
    };
    await Promise.all(Array.from({ length: clientsAtOnce }, line));
  }

  async #comeAndGo(index: number): Promise<void> {
    const { serverAddress } = this.#server;
    const transport = this.#transport;
    const isSilent = index % 5 === 0 && transport.comeAndGo !== undefined;
    if (isSilent) await transport.comeAndGo!(serverAddress, this.#engine);
    else assert.equal(await transport.ask(serverAddress, 'ping', this.#engine), 'ping');
  }

  async #look(): Promise<Held> {
    const ofWorkers = this.#workersStay ? await this.#heapOfWorkers() : 0;
    await until(() => this.#isAtRest, 1);
    const heapBytes = heapInUse() + ofWorkers;
    return { ...holdingsOf(process.pid), heapBytes };
  }

  /** Of all threads that serve. */
  async #heapOfWorkers(): Promise<number> {
    const heaps = new Map<string, number>();
    const ask = async (): Promise<void> => {
      const answer = await this.#transport.ask(this.#server.serverAddress, heapQuestion, this.#engine);
      const [who, bytes] = answer.split(' ') as [string, string];
      heaps.set(who, Number(bytes));
    };
    const count = Math.max(1, this.#server.stats().workers.length);
    // Several at a time, so that it is not always the same one that answers.
    while (heaps.size < count) await Promise.all(Array.from({ length: 2 * count }, ask));
    return [...heaps.values()].reduce((sum, bytes) => sum + bytes);
  }

  get #isAtRest(): boolean {
    const { active, workers } = this.#server.stats();
    return active === 0 && workers.every(({ state }) => state === 'ready');
  }
}

function growthOf(before: Held, after: Held): Held {
  const growth = Object.keys(after).map((key) => [key, after[key as keyof Held] - before[key as keyof Held]]);
  return Object.fromEntries(growth) as Held;
}

/**
 * Whether a round of so many clients left nothing. Memory varies, so that what is less than 2 KiB of heap for each of forty
 * is not seen, nor what is less than 110 bytes for each of ten thousand.
 */
function isNothing(growth: Held, count: number, processes: number): boolean {
  const { descriptors, threads, residentBytes, heapBytes } = growth;
  const isSame = descriptors <= 0 && threads <= 0 && growth.processes <= 0;
  return (
    isSame && heapBytes <= 65_536 + 100 * count && residentBytes <= processes * (2 ** 20 + 2_000 * count)
  );
}
