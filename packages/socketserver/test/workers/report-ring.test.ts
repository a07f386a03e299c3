import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { connectionClosed, ReportRing, requestEnded } from '../../src/workers/report-ring.ts';

type Written = readonly [kind: number, id: number, bytesRead: number, bytesWritten: number];

function takeAll(ring: ReportRing): Written[] {
  const taken: Written[] = [];
  ring.take((...record) => taken.push(record));
  return taken;
}

describe('a ring of reports', () => {
  it('gives what was written at the other end, in order and once', () => {
    const near = new ReportRing();
    const far = new ReportRing(near.memory);
    assert.equal(near.isRead, true);
    const records: Written[] = [
      [requestEnded, 1, 0, 0],
      [connectionClosed, 2 ** 40 + 1, 2 ** 33, 2 ** 52],
    ];
    for (const record of records) assert.equal(far.write(...record), true);
    assert.equal(near.isRead, false);
    assert.deepEqual(takeAll(near), records);
    assert.equal(far.isRead, true);
    assert.deepEqual(takeAll(near), []);
  });

  it('counts signs of life', () => {
    const near = new ReportRing();
    const far = new ReportRing(near.memory);
    const before = near.beats;
    far.beat();
    far.write(requestEnded, 1, 0, 0);
    assert.equal(near.beats, before + 2);
  });

  it('says when it has no room, and goes on when it was read', () => {
    const ring = new ReportRing();
    let count = 0;
    while (ring.write(requestEnded, count, 0, 0)) count += 1;
    assert.ok(count >= 256);
    assert.equal(takeAll(ring).length, count);
    assert.equal(ring.write(requestEnded, 1, 0, 0), true);
  });

  it('has read a record whose reader throws', () => {
    const ring = new ReportRing();
    ring.write(requestEnded, 1, 0, 0);
    ring.write(requestEnded, 2, 0, 0);
    assert.throws(() =>
      ring.take(() => {
        throw new Error('no');
      }),
    );
    assert.deepEqual(takeAll(ring), [[requestEnded, 2, 0, 0]]);
  });

  it('gives each record once where whoever gets one reads on', () => {
    const near = new ReportRing();
    const far = new ReportRing(near.memory);
    for (const id of [1, 2, 3]) far.write(requestEnded, id, 0, 0);
    const taken: number[] = [];
    near.take((_, id) => {
      taken.push(id);
      if (id === 1) far.write(requestEnded, 4, 0, 0);
      near.take((_, later) => taken.push(later));
    });
    assert.deepEqual(taken, [1, 2, 3, 4]);
    assert.equal(far.isRead, true);
    assert.deepEqual(takeAll(near), []);
  });

  it('loses and doubles nothing, however writing and reading alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(300), fc.boolean()), { maxLength: 40 }), (steps) => {
        const ring = new ReportRing();
        const written: number[] = [];
        const taken: number[] = [];
        for (const [count, reads] of steps) {
          for (let n = 0; n < count; n += 1) {
            if (ring.write(requestEnded, written.length, 0, 0)) written.push(written.length);
          }
          if (reads) ring.take((_, id) => taken.push(id));
        }
        ring.take((_, id) => taken.push(id));
        assert.deepEqual(taken, written);
      }),
    );
  });
});
