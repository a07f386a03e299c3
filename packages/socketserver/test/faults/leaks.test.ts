import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import {
  connect,
  type ServerStats,
  type SocketAddress,
  type StreamSocket,
  type WorkerOptions,
} from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { EchoOrHeap, heapQuestion } from './echo-or-heap.ts';
import { until } from '../support/until.ts';

/** Connections through each model; ten thousand are the long version. */
const connections = Number(process.env['SOCKETSERVER_LEAK_CONNECTIONS'] ?? 400);
const clients = 10;

/** Descriptors and threads that this process and its workers hold. */
function holdings(pids: readonly number[]): number {
  const counts = [process.pid, ...pids].map(
    (pid) => readdirSync(`/proc/${pid}/fd`).length + readdirSync(`/proc/${pid}/task`).length,
  );
  return counts.reduce((sum, count) => sum + count);
}

/** What Node itself may open late, whatever the number of connections. */
const slack = 5;
/** Bytes that a heap may grow by: what V8 compiles and learns meanwhile. Ten thousand connections would show 100 each. */
const heapSlack = 1024 ** 2;

/** Any of the classes, as this test uses it. */
interface AnyServer {
  readonly serverAddress: SocketAddress;
  stats(): ServerStats;
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

/** The largest heap of those threads that serve, in bytes. */
async function largestHeap(server: AnyServer, engine: library.EngineChoice): Promise<number> {
  let largest = 0;
  for (let question = 0; question < 10; question += 1) {
    await using client = await connect(server.serverAddress, { engine });
    await client.sendall(heapQuestion);
    client.shutdown('write');
    const [, bytes] = (await readAll(client)).toString().split(' ');
    largest = Math.max(largest, Number(bytes));
  }
  return largest;
}

function children(): string[] {
  const lists = readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8'),
  );
  return lists.join(' ').split(/\s+/).filter(Boolean).toSorted();
}

describe('hundreds of connections', { skip: process.platform !== 'linux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'socketserver-leaks-'));
  const unixAddress = join(directory, 's');
  /** A process takes many here, as a thread does by itself. */
  const workersOf = (name: string): WorkerOptions => ({
    min: 2,
    max: 2,
    ...(name.startsWith('Forking') && { requestsPerWorker: 100 }),
  });
  const names = ['', 'Concurrent', 'Threading', 'Forking'].flatMap((model) => [
    `${model}TCPServer`,
    `${model}UnixStreamServer`,
  ]);

  for (const [engineName, engine] of workerEngines) {
    for (const name of names) {
      it(`through ${name} on the ${engineName} engine leave descriptors, threads, processes and memory where they were`, async () => {
        const childrenBefore = children();
        const Server = (library as unknown as Record<string, AnyServerClass>)[name]!;
        const inWorkers = name.startsWith('Threading') || name.startsWith('Forking');
        const server = new Server(name.includes('Unix') ? unixAddress : ['127.0.0.1', 0], EchoOrHeap, {
          engine,
          ...(inWorkers ? { workers: workersOf(name) } : {}),
        });
        await using loop = serving(server);
        const answer = async (index: number): Promise<void> => {
          const client: StreamSocket = await connect(server.serverAddress, { engine });
          if (index % 5 === 0) {
            client.reset();
            return;
          }
          await client.sendall('ping');
          client.shutdown('write');
          assert.equal((await readAll(client)).toString(), 'ping');
          client.close();
        };
        const run = async (count: number): Promise<void> => {
          const line = async (): Promise<void> => {
            for (let index = 0; index < count / clients; index += 1) await answer(index);
          };
          await Promise.all(Array.from({ length: clients }, line));
          await until(() => server.stats().active === 0);
        };
        await run(400); // until everything has been opened that is kept
        await until(() => server.stats().workers.every(({ state }) => state === 'ready'));
        const pids = name.startsWith('Forking') ? server.stats().workers.map(({ id }) => id) : [];
        const before = holdings(pids);
        const heapBefore = await largestHeap(server, engine);
        await run(connections);
        await settled(async () => {
          const heapAfter = await largestHeap(server, engine);
          assert.ok(heapAfter <= heapBefore + heapSlack, `a heap grew by ${heapAfter - heapBefore} bytes`);
        });
        await settled(() => {
          const now = holdings(pids);
          assert.ok(now <= before + slack, `${before} descriptors and threads before, ${now} after`);
        });
        await loop[Symbol.asyncDispose]();
        assert.deepEqual(children(), childrenBefore);
      });
    }
  }

  it('leave nothing in the directory of their socket', () => {
    assert.deepEqual(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });
});

/** Descriptors are closed, and memory is free, a moment after their connections; what stays is a leak. */
async function settled(check: () => Promise<void> | void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await check();
      return;
    } catch (error) {
      if (tries === 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
