import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, it } from 'node:test';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import { workerEngines } from '../support/worker-engines.ts';
import type { Outcome } from './lockstep/end.ts';
import { Random } from '../../../native/test/support/random.ts';
import { OtherThread } from './lockstep/other-thread.ts';
import { script, type Step } from './lockstep/script.ts';
import { World } from './lockstep/world.ts';

/** `SOCKETSERVER_FUZZ_SEEDS=2000 SOCKETSERVER_FUZZ_FIRST_SEED=31` looks longer and elsewhere. */
const seeds = Number(process.env['SOCKETSERVER_FUZZ_SEEDS'] ?? 24);
const firstSeed = Number(process.env['SOCKETSERVER_FUZZ_FIRST_SEED'] ?? 1);
const steps = 100;

/**
 * What is left of an outcome when that is taken away which time decides: after a reset, whether bytes come that were on
 * their way, and whether the other end learns of it by reading or, where it had sent something, by writing.
 */
function comparable(step: Step, outcomes: readonly Outcome[]): unknown {
  if (step.kind !== 'reset' || step.pending.every((length) => length === 0)) return outcomes;
  return outcomes.map(({ news }, side) => {
    const rest = news.filter((one) => one !== 'bytes');
    return side !== step.side && step.pending[side]! > 0
      ? rest.map((one) => one.replace(/ECONNRESET|EPIPE/, 'ECONNRESET or EPIPE'))
      : rest;
  });
}

describe('the node and the native engine in lockstep', { skip: workerEngines.length < 2 }, () => {
  const engines = workerEngines.map(([name, choice]) => {
    const ways = { engine: chooseEngine(choice), thread: new OtherThread(name as 'node' | 'native') };
    return { name, ways };
  });
  after(() => Promise.all(engines.map(({ ways }) => ways.thread[Symbol.asyncDispose]())));

  for (const transport of ['TCP', 'Unix'] as const) {
    it(`make the same of every connection in random scripts over ${transport}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'socketserver-lockstep-'));
      for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
        const worlds = engines.map(
          ({ name, ways }) =>
            new World(ways, transport === 'TCP' ? ['127.0.0.1', 0] : join(directory, `${name}-${seed}`)),
        );
        try {
          for (const [index, step] of script(new Random(seed), steps, transport).entries()) {
            const where = `seed ${seed} of ${transport}, step ${index}: ${JSON.stringify(step)}`;
            try {
              const [one, other] = await Promise.all(worlds.map((world) => world.take(step)));
              if (one === undefined || other === undefined) assert.equal(one, other);
              else assert.deepEqual(comparable(step, other), comparable(step, one));
            } catch (error) {
              throw new Error(where, { cause: error });
            }
          }
        } finally {
          for (const world of worlds) await world[Symbol.asyncDispose]();
        }
      }
      rmSync(directory, { recursive: true });
    });
  }
});
