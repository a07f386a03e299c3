import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Aged, OldestFirst } from '../../src/workers/oldest-first.ts';

class Begun implements Aged<Begun> {
  readonly begunAt: number;
  readonly id: number;
  older: Begun | undefined;
  younger: Begun | undefined;

  constructor(begunAt: number, id = 1) {
    this.begunAt = begunAt;
    this.id = id;
  }
}

describe('what is kept oldest first', () => {
  it('counts those that began by a time, and no further than it has to', () => {
    const list = new OldestFirst<Begun>();
    for (const begunAt of [10, 20, 30]) list.add(new Begun(begunAt));
    assert.equal(list.countBegunBy(9, 8), 0);
    assert.equal(list.countBegunBy(20, 8), 2);
    assert.equal(list.countBegunBy(100, 2), 2);
  });

  it('finds the place of one that began before others that are in', () => {
    const list = new OldestFirst<Begun>();
    for (const begunAt of [30, 40, 10, 35]) list.add(new Begun(begunAt));
    assert.deepEqual(
      [10, 30, 35, 40].map((time) => list.countBegunBy(time, 8)),
      [1, 2, 3, 4],
    );
  });

  it('counts what is in, whatever comes and goes in whatever order', () => {
    const steps = fc.array(fc.oneof(fc.nat(50), fc.record({ out: fc.nat(20) })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(50), fc.nat(10), (script, time, most) => {
        const list = new OldestFirst<Begun>();
        const model: Begun[] = [];
        for (const step of script) {
          if (typeof step === 'number') {
            const one = new Begun(step, script.length - model.length);
            model.push(one);
            list.add(one);
          } else if (step.out < model.length) {
            const [one] = model.splice(step.out, 1);
            list.delete(one!);
          }
        }
        const inOrder = model.toSorted((a, b) => a.begunAt - b.begunAt || a.id - b.id);
        assert.deepEqual(
          Array.from(list, ({ begunAt, id }) => [begunAt, id]),
          inOrder.map(({ begunAt, id }) => [begunAt, id]),
        );
        const expected = model.filter(({ begunAt }) => begunAt <= time).length;
        assert.equal(list.countBegunBy(time, most), Math.min(expected, most));
      }),
    );
  });
});
