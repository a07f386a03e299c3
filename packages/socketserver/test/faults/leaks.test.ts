import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import * as library from '../../src/index.ts';
import type { WorkerOptions } from '../../src/index.ts';
import { holdingsOf } from '../support/holdings.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { type AnyServer, LeakTrial } from './leak-trial.ts';
import { leakTransports } from './leak-transports.ts';

/** Connections, or datagrams, of a round; ten thousand are the long form. */
const count = Number(process.env['SOCKETSERVER_LEAK_CONNECTIONS'] ?? 40);
const isLong = count >= 1_000;

type AnyServerClass = new (address: unknown, handler: unknown, options: object) => AnyServer;

/** Ways to serve: the start of the class's name, which further distinction there is, and the workers' options. */
const models: readonly (readonly [prefix: string, how: string, workers?: WorkerOptions])[] = [
  ['', ''],
  ['Concurrent', ''],
  ['Threading', '', {}],
  ['Threading', ', its threads replaced,', { maxRequests: 1 }],
  ['Forking', '', {}],
  ['Forking', ', many at a time,', { requestsPerWorker: 100 }],
  ['Forking', ', its processes replaced,', { maxRequests: 1 }],
];

describe('clients that come and go', { skip: process.platform !== 'linux' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'socketserver-leaks-'));

  for (const [engineName, engine] of workerEngines) {
    for (const [kind, transport] of Object.entries(leakTransports)) {
      if (kind === 'UnixDatagramServer' && engineName === 'node') continue; // which it does not know
      for (const [prefix, how, workers] of models) {
        const workersStay = workers?.maxRequests === undefined;
        if (how !== '' && kind !== 'TCPServer' && !(isLong && workersStay)) continue;
        const through = `through ${prefix}${kind}${how} on the ${engineName} engine`;
        it(`${through} leave descriptors, threads, processes and memory where they were`, async () => {
          const { processes } = holdingsOf(process.pid);
          const Server = (library as unknown as Record<string, AnyServerClass>)[prefix + kind]!;
          const server = new Server(transport.address(directory), transport.handler, {
            engine,
            ...transport.options,
            ...(workers && { workers: { min: 2, max: 2, ...workers } }),
          });
          await using loop = serving(server);
          const trial = new LeakTrial(server, { transport, engine, workersStay });
          await trial.run(workersStay ? count : count / 10); // a start costs as much as many connections
          await loop[Symbol.asyncDispose]();
          assert.equal(holdingsOf(process.pid).processes, processes);
        });
      }
    }
  }

  it('leave nothing in the directory of their socket', () => {
    assert.deepEqual(readdirSync(directory), []);
    rmSync(directory, { recursive: true });
  });
});
