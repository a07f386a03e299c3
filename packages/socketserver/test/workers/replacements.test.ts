import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Replacements } from '../../src/workers/replacements.ts';

describe('the replacements of workers that crashed', () => {
  it('take over the crashes of their places, in the order of these', () => {
    const replacements = new Replacements();
    replacements.add(3);
    replacements.add(1);
    assert.deepEqual([replacements.take(), replacements.take(), replacements.take()], [3, 1, 0]);
  });

  it('are held back for as long as the last crash says, and started once', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const replacements = new Replacements();
    const starts: string[] = [];
    assert.equal(replacements.areHeldBack, false);
    replacements.holdBack(100, () => starts.push('first'));
    test.mock.timers.tick(99);
    replacements.holdBack(200, () => starts.push(`second, held back: ${replacements.areHeldBack}`));
    test.mock.timers.tick(199);
    assert.equal(replacements.areHeldBack, true);
    assert.deepEqual(starts, []);
    test.mock.timers.tick(1);
    assert.deepEqual(starts, ['second, held back: false']);
  });

  it('are not started once that is stopped', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const replacements = new Replacements();
    replacements.holdBack(100, () => assert.fail('it was stopped'));
    replacements.stop();
    test.mock.timers.tick(1_000);
  });
});
