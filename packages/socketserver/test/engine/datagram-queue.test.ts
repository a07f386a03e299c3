import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DatagramLimits, DatagramQueue } from '../../src/engine/datagram-queue.ts';

/** A queue of two to which these datagrams came. */
function queueOf(texts: readonly string[], limits: Partial<DatagramLimits>): DatagramQueue {
  const queue = new DatagramQueue({ maxPacketSize: 100, maxPending: 2, whenFull: 'drop-oldest', ...limits });
  for (const text of texts) queue.arrived(Buffer.from(text), ['127.0.0.1', 53]);
  return queue;
}

function textsOf(queue: DatagramQueue): string[] {
  return queue.clear().map(({ bytes }) => bytes.toString());
}

describe('a DatagramQueue', () => {
  it('drops the oldest, or the newest, and counts it', () => {
    const texts = ['a', 'b', 'c', 'd'];
    const [oldest, newest] = [queueOf(texts, {}), queueOf(texts, { whenFull: 'drop-newest' })];
    assert.equal(oldest.dropped, 2);
    assert.equal(newest.dropped, 2);
    assert.deepEqual(textsOf(oldest), ['c', 'd']);
    assert.deepEqual(textsOf(newest), ['a', 'b']);
  });

  it('cuts what is too long, and says so', () => {
    const queue = queueOf(['abcd', 'abc'], { maxPacketSize: 3 });
    const [long, fitting] = queue.clear();
    assert.deepEqual([long?.bytes.toString(), long?.truncated], ['abc', true]);
    assert.deepEqual([fitting?.bytes.toString(), fitting?.truncated], ['abc', false]);
  });

  it('is full from its last place on, until one is taken', () => {
    const queue = queueOf(['a'], {});
    assert.equal(queue.isFull, false);
    queue.arrived(Buffer.from('b'), '/a/path');
    assert.equal(queue.isFull, true);
    assert.equal(queue.take()?.remoteAddress[0], '127.0.0.1');
    assert.equal(queue.isFull, false);
    assert.equal(queue.take()?.remoteAddress, '/a/path');
    assert.equal(queue.dropped, 0);
  });
});
