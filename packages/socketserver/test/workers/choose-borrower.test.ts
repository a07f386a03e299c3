import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chooseBorrower } from '../../src/workers/choose-borrower.ts';

const atRest = {
  active: 0,
  answersNow: true,
  hasRoom: true,
  isBlocked: false,
  loan: { state: 'over' },
} as const;

describe('the thread that takes clients itself', () => {
  it('is the one with the fewest connections, which may get ahead of the others by so many', () => {
    const [busy, free] = [{ ...atRest, active: 7 }, atRest];
    assert.deepEqual(chooseBorrower([busy, free]), { pooled: free, quota: 64 });
  });

  it('answers at that moment, and takes as many less as it is ahead of one that does not', () => {
    const [late, ahead] = [
      { ...atRest, active: 20, answersNow: false },
      { ...atRest, active: 70 },
    ];
    assert.deepEqual(chooseBorrower([late, ahead]), { pooled: ahead, quota: 14 });
    assert.equal(chooseBorrower([late, { ...ahead, active: 84 }]), undefined);
  });

  it('is not measured by threads that are blocked, or have no room', () => {
    const ahead = { ...atRest, active: 500 };
    const others = [
      { ...atRest, isBlocked: true },
      { ...atRest, hasRoom: false },
    ];
    assert.deepEqual(chooseBorrower([...others, ahead]), { pooled: ahead, quota: 64 });
    assert.equal(chooseBorrower(others), undefined);
  });

  it('does not have the listener yet', () => {
    const borrower = { ...atRest, loan: { state: 'out' } } as const;
    assert.equal(chooseBorrower([borrower]), undefined);
    assert.deepEqual(chooseBorrower([borrower, atRest]), { pooled: atRest, quota: 64 });
  });

  it('answers, has the fewest of those that do, and gets no further ahead than the lead', () => {
    const thread = fc.record({
      active: fc.nat(100),
      answersNow: fc.boolean(),
      hasRoom: fc.boolean(),
      isBlocked: fc.boolean(),
      loan: fc.record({ state: fc.constantFrom('over', 'out', 'at-quota') }),
    });
    const property = fc.property(fc.array(thread, { maxLength: 6 }), (threads) => {
      const useful = threads.filter(({ hasRoom, isBlocked }) => hasRoom && !isBlocked);
      const able = useful.filter(({ answersNow, loan }) => answersNow && loan.state === 'over');
      const fewest = Math.min(...useful.map(({ active }) => active));
      const freest = Math.min(...able.map(({ active }) => active));
      const choice = chooseBorrower(threads);
      if (choice === undefined) {
        assert.ok(able.length === 0 || freest >= fewest + 64);
        return;
      }
      assert.ok(able.includes(choice.pooled));
      assert.equal(choice.pooled.active, freest);
      assert.ok(choice.quota > 0);
      assert.equal(freest + choice.quota, fewest + 64);
    });
    fc.assert(property);
  });
});
