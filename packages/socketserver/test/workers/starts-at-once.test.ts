import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { areEnoughStarting } from '../../src/workers/starts-at-once.ts';

const now = 100_000;
const starting = { state: 'starting', startedAt: now - 10, askedAt: undefined } as const;
const answers = { state: 'ready', startedAt: 0, askedAt: undefined } as const;
const computes = { ...answers, askedAt: now - 10 } as const;

describe('workers that start at once', () => {
  it('are as many as there are cores', () => {
    assert.equal(areEnoughStarting([answers, starting], { cores: 2, now }), false);
    assert.equal(areEnoughStarting([answers, starting, starting], { cores: 2, now }), true);
  });

  it('are fewer by those that do not answer, which have a core each', () => {
    assert.equal(areEnoughStarting([computes, starting], { cores: 2, now }), true);
    assert.equal(areEnoughStarting([computes, starting], { cores: 3, now }), false);
    assert.equal(areEnoughStarting([computes, starting, starting], { cores: 3, now }), true);
  });

  it('are not fewer by those that were asked just now', () => {
    const asked = { ...answers, askedAt: now - 1 };
    assert.equal(areEnoughStarting([asked, starting], { cores: 2, now }), false);
  });

  it('are one at least, however many do not answer', () => {
    const blocked = [computes, computes, computes];
    assert.equal(areEnoughStarting(blocked, { cores: 2, now }), false);
    assert.equal(areEnoughStarting([...blocked, starting], { cores: 2, now }), true);
  });

  it('are no longer those that take so long that they wait for something else', () => {
    const waits = { ...starting, startedAt: now - 6_000 };
    assert.equal(areEnoughStarting([waits, waits, starting], { cores: 2, now }), false);
  });
});
