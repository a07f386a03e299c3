import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NumberTable } from '../../src/workers/number-table.ts';

const number = fc.oneof(
  fc.integer({ min: -40, max: 40 }),
  fc.integer({ min: 0, max: 20 }).map((count) => count * 16), // all at the same place
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER, -(2 ** 45)),
);
const step = fc.record({ what: fc.constantFrom('set', 'set', 'delete', 'get'), number });

function sorted(entries: Iterable<[number, number]>): [number, number][] {
  return [...entries].toSorted(([a], [b]) => a - b);
}

describe('a table of numbers', () => {
  it('has what a Map has after the same steps', () => {
    const steps = fc.array(step, { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const table = new NumberTable<number>();
        const map = new Map<number, number>();
        for (const [index, { what, number }] of all.entries()) {
          if (what === 'set') {
            table.set(number, index);
            map.set(number, index);
          } else if (what === 'delete') {
            table.delete(number);
            map.delete(number);
          }
          assert.equal(table.size, map.size);
          assert.deepEqual([table.has(number), table.get(number)], [map.has(number), map.get(number)]);
        }
        const inTable: [number, number][] = [];
        table.forEach((value, number) => inTable.push([number, value]));
        assert.deepEqual(sorted(inTable), sorted(map));
      }),
    );
  });

  it('keeps many that come and go in the order of their numbers, and is empty in the end', () => {
    const table = new NumberTable<string>();
    for (let next = 1; next <= 20_000; next += 1) {
      table.set(next, `request ${next}`);
      const last = next - (next % 700);
      if (next > 700) table.delete(next - 700);
      assert.equal(table.get(Math.max(1, last)), `request ${Math.max(1, last)}`);
    }
    assert.equal(table.size, 700);
    for (const value of table.values()) table.delete(Number(value.split(' ')[1]));
    assert.deepEqual([table.size, [...table.values()]], [0, []]);
  });

  it('gives what is in it, but for what is taken out before its turn', () => {
    const table = new NumberTable<string>();
    for (const [number, name] of ['a', 'b', 'c'].entries()) table.set(number, name);
    const seen: string[] = [];
    for (const value of table.values()) {
      table.delete(1);
      table.set(99, 'later');
      seen.push(value);
    }
    assert.deepEqual(seen, ['a', 'c']);
  });
});
