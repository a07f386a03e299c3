import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LentRequests } from '../../src/workers/lent-requests.ts';

describe('requests that a thread took itself', () => {
  it('stay counted as served when they become requests like any other, for their connections are open', () => {
    const counts = { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 };
    const lent = new LentRequests({ counts, isWatched: false });
    lent.came(5, ['127.0.0.1', 1], 0);
    assert.equal(lent.served(-5), 0);
    assert.equal(lent.take(-5)?.isRunning, false);
    assert.deepEqual(counts, { accepted: 1, served: 1, bytesRead: 0, bytesWritten: 0 });
    assert.deepEqual([lent.size, lent.running], [0, 0]);
  });

  it('are counted later where their handlers run', () => {
    const counts = { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 };
    const lent = new LentRequests({ counts, isWatched: false });
    lent.came(5, ['127.0.0.1', 1], 0);
    lent.closed({ id: -5, bytesRead: 3, bytesWritten: 4 });
    assert.equal(lent.take(-5)?.isRunning, true);
    assert.deepEqual(counts, { accepted: 1, served: 0, bytesRead: 0, bytesWritten: 0 });
    assert.deepEqual([lent.size, lent.running], [0, 0]);
  });
});
