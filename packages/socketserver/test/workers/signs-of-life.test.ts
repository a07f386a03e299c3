import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignsOfLife } from '../../src/workers/signs-of-life.ts';

describe('signs of life', () => {
  it('say nothing at the first look, nor after a long time without one', () => {
    const signs = new SignsOfLife();
    assert.equal(signs.look(5, 1_000), false);
    assert.equal(signs.look(6, 1_001), false);
  });

  it('show that a thread has moved between two looks that followed soon on each other', () => {
    const signs = new SignsOfLife();
    signs.look(5, 1_000);
    assert.equal(signs.look(6, 1_000.1), true);
  });

  it('do so for a moment, and then need a fresh one', () => {
    const signs = new SignsOfLife();
    signs.look(5, 1_000);
    signs.look(6, 1_000.1);
    assert.equal(signs.look(6, 1_000.4), true);
    assert.equal(signs.look(6, 1_000.7), false);
    assert.equal(signs.look(7, 1_000.8), true);
  });

  it('do not show it of a thread that stands still', () => {
    const signs = new SignsOfLife();
    for (let now = 1_000; now < 1_010; now += 0.1) assert.equal(signs.look(5, now), false);
  });
});
