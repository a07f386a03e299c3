import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from '../../src/admission/token-bucket.ts';

describe('a token bucket', () => {
  it('begins full, and fills at its rate', () => {
    const bucket = new TokenBucket(2, 0);
    for (let count = 0; count < 2; count += 1) {
      assert.equal(bucket.has(0), true);
      bucket.take(0);
    }
    assert.deepEqual([bucket.has(0), bucket.msUntilNext(0)], [false, 500]);
    assert.deepEqual([bucket.has(499), bucket.has(500)], [false, true]);
    bucket.take(500);
    assert.equal(bucket.has(10_000), true);
    bucket.take(10_000);
    bucket.take(10_000);
    assert.equal(bucket.has(10_000), false); // a pause gives no more than a second's worth
  });

  it('lets one come at a rate below one a second', () => {
    const bucket = new TokenBucket(0.5, 0);
    assert.equal(bucket.has(0), true);
    bucket.take(0);
    assert.equal(bucket.msUntilNext(0), 2_000);
    assert.deepEqual([bucket.has(1_999), bucket.has(2_000)], [false, true]);
  });

  it('takes back one that does not count, and another rate at any time', () => {
    const bucket = new TokenBucket(1, 0);
    bucket.take(0);
    bucket.giveBack();
    assert.equal(bucket.has(0), true);
    bucket.take(0);
    bucket.change(1_000, 0);
    assert.deepEqual([bucket.has(0), bucket.msUntilNext(0)], [false, 1]);
    bucket.change(1, 1_000);
    bucket.take(1_000);
    assert.equal(bucket.has(1_000), false); // what was saved up at the other rate is gone
  });

  it('never lets more come than its rate allows, whenever they ask', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 500, noNaN: true }), steps, (rate, pauses) => {
        const bucket = new TokenBucket(rate, 0);
        let now = 0;
        let taken = 0;
        for (const pause of pauses) {
          now += pause;
          while (bucket.has(now)) {
            bucket.take(now);
            taken += 1;
          }
          const waitMs = bucket.msUntilNext(now);
          assert.ok(waitMs >= 0 && waitMs <= Math.ceil(1_000 / rate));
        }
        assert.ok(taken <= Math.max(1, rate) + (now * rate) / 1_000 + 1e-6);
      }),
    );
  });
});
