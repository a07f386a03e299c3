/** A few seconds of what `npm run soak -- --minutes 10` does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workerEngines } from '../support/worker-engines.ts';
import { soak, soakCases } from './soak.ts';
import { soakTable } from './soak-table.ts';

describe('a server among clients that misbehave', { skip: process.platform !== 'linux' }, () => {
  for (const one of soakCases(workerEngines.map(([name]) => name))) {
    it(`accounts for every request and keeps nothing: ${one.model} on ${one.engine}`, async (t) => {
      const report = await soak(one, 0.75);
      t.diagnostic(soakTable([report]));
      assert.deepEqual(report.findings, []);
    });
  }
});
