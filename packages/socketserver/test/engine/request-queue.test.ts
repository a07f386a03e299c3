import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestQueue } from '../../src/engine/request-queue.ts';

describe('a RequestQueue', () => {
  it('gives in order what came, through any mixture of pushes, takes and drops', () => {
    const queue = new RequestQueue<number>();
    const expected: number[] = [];
    let next = 0;
    for (let step = 0; step < 20_000; step += 1) {
      for (let count = (step * 7) % 4; count > 0; count -= 1) {
        queue.push(next);
        expected.push(next);
        next += 1;
      }
      if (step % 97 === 0 && queue.length > 0) {
        queue.dropOldest();
        expected.shift();
      }
      assert.equal(queue.take(), expected.shift());
      assert.equal(queue.length, expected.length);
    }
    assert.deepEqual(queue.clear(), expected);
    assert.equal(queue.isReady, false);
    assert.equal(queue.take(), undefined);
  });

  it('throws reported errors first, each once', () => {
    const queue = new RequestQueue<string>();
    queue.push('item');
    queue.fail(new Error('first'));
    queue.fail(new Error('second'));
    assert.throws(() => queue.take(), { message: 'first' });
    assert.throws(() => queue.take(), { message: 'second' });
    assert.equal(queue.take(), 'item');
  });

  it('wakes once for each notify(), and not after it was cancelled', async () => {
    const queue = new RequestQueue<string>();
    let wakes = 0;
    const wake = (): void => void (wakes += 1);
    queue.notify(wake);
    queue.push('a');
    queue.push('b');
    assert.equal(wakes, 1);
    queue.notify(wake);
    queue.notify(undefined);
    await new Promise(setImmediate);
    assert.equal(wakes, 1);
    queue.notify(wake);
    assert.equal(wakes, 1);
    await new Promise(setImmediate);
    assert.equal(wakes, 2);
  });
});
