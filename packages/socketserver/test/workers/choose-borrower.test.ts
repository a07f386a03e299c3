import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
});
