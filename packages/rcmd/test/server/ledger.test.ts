import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveCommandLimits } from '../../src/server/command-limits.ts';
import { Ledger } from '../../src/server/core/ledger.ts';

describe('what each client may start', () => {
  it('is not more for one that connects again', () => {
    // A new start comes once in 1,000 s only: nothing depends on the time that the test takes.
    const ledger = new Ledger(resolveCommandLimits({ opensPerSecond: 0.001 }));
    const admitted = ['1', '2'].map((id) => {
      ledger.connected({ connectionId: id, owner: 'key:a' });
      const { isAdmitted } = ledger.admit({
        commandId: id,
        connectionId: id,
        owner: 'key:a',
        argv: ['true'],
      });
      ledger.ended(id);
      ledger.disconnected(id);
      return isAdmitted;
    });
    assert.deepEqual(admitted, [true, false]);
  });
});
