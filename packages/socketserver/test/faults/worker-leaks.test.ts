import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import {
  connect,
  type EngineChoice,
  ForkingTCPServer,
  ForkingUnixStreamServer,
  type StreamSocket,
  ThreadingTCPServer,
  ThreadingUnixStreamServer,
} from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Echo } from '../workers/handlers/exchanges.ts';

/** Connections through each model; the nightly run takes ten thousand. */
const connections = Number(process.env['SOCKETSERVER_LEAK_CONNECTIONS'] ?? 1_000);
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

function children(): string[] {
  const lists = readdirSync('/proc/self/task').map((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8'),
  );
  return lists.join(' ').split(/\s+/).filter(Boolean).toSorted();
}

describe('a thousand connections', { skip: process.platform !== 'linux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'socketserver-leaks-'));
  const unixAddress = join(directory, 's');
  const workers = { min: 2, max: 2, requestsPerWorker: 100 };

  const cases = [
    [
      'ThreadingTCPServer',
      (engine: EngineChoice) => new ThreadingTCPServer(['127.0.0.1', 0], Echo, { engine, workers }),
    ],
    [
      'ForkingTCPServer',
      (engine: EngineChoice) => new ForkingTCPServer(['127.0.0.1', 0], Echo, { engine, workers }),
    ],
    [
      'ThreadingUnixStreamServer',
      (engine: EngineChoice) => new ThreadingUnixStreamServer(unixAddress, Echo, { engine, workers }),
    ],
    [
      'ForkingUnixStreamServer',
      (engine: EngineChoice) => new ForkingUnixStreamServer(unixAddress, Echo, { engine, workers }),
    ],
  ] as const;

  for (const [engineName, engine] of workerEngines) {
    for (const [name, create] of cases) {
      it(`through ${name} on the ${engineName} engine leave descriptors, threads and processes where they were`, async () => {
        const childrenBefore = children();
        const server = create(engine);
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
          while (server.stats().active > 0) await new Promise(setImmediate);
        };
        await run(200); // until everything has been opened that is kept
        while (server.stats().workers.some(({ state }) => state !== 'ready')) await new Promise(setImmediate);
        const pids = name.startsWith('Forking') ? server.stats().workers.map(({ id }) => id) : [];
        const before = holdings(pids);
        await run(connections);
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

/** Descriptors are closed a moment after their connections; what stays is a leak. */
async function settled(check: () => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      check();
      return;
    } catch (error) {
      if (tries === 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
