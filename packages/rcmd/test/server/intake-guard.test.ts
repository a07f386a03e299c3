import assert from 'node:assert/strict';
import { it, mock } from 'node:test';
import { IntakeGuard } from '../../src/server/core/intake-guard.ts';

const penalties = { minMs: 15_000, maxMs: 600_000, exempt: [] };

it('a client that leaves has its address pay for the time that it kept a place, and a second at least', () => {
  let now = 0;
  mock.method(performance, 'now', () => now);
  const guard = new IntakeGuard({ maxHalfOpen: 100, authenticationMs: 60_000, penalties }, () => {});
  let requestId = 0;
  const comes = (address: string): { readonly isIn: boolean; leaves(): void } => {
    const name = { listener: 0, requestId: (requestId += 1) };
    return { isIn: guard.came(name, { reset() {} }, address), leaves: () => guard.ended(name) };
  };
  try {
    const slow = Array.from({ length: 2 }, () => comes('192.0.2.1'));
    now += 9_000;
    for (const client of slow) client.leaves();
    assert.ok(!comes('192.0.2.1').isIn);
    for (let time = 0; time < 14; time += 1) comes('192.0.2.2').leaves();
    const fifteenth = comes('192.0.2.2');
    assert.ok(fifteenth.isIn);
    fifteenth.leaves();
    assert.ok(!comes('192.0.2.2').isIn);
  } finally {
    guard.close();
    mock.reset();
  }
});

it('a client that keeps one place after the other is kept out in time, however it gives them up', () => {
  for (const heldMs of [2_000, 9_000, 10_000]) {
    let now = 0;
    mock.method(performance, 'now', () => now);
    mock.timers.enable({ apis: ['setTimeout'] });
    const told: string[] = [];
    const settings = { maxHalfOpen: 100, authenticationMs: 10_000, penalties };
    const guard = new IntakeGuard(settings, ({ fault, address }) => told.push(`${fault} ${address}`));
    try {
      let times = 0;
      for (; times < 20; times += 1) {
        const name = { listener: 0, requestId: times };
        if (!guard.came(name, { reset() {} }, '192.0.2.1')) break;
        now += heldMs;
        mock.timers.tick(heldMs);
        guard.ended(name);
      }
      assert.ok(times > 1 && times < 20, `${times} times ${heldMs} ms`);
      assert.deepEqual(told.at(-1), 'penalty 192.0.2.1');
      assert.equal(told[0], heldMs === 10_000 ? 'silent 192.0.2.1' : 'gone 192.0.2.1');
      assert.ok(guard.came({ listener: 0, requestId: 99 }, { reset() {} }, '192.0.2.2'));
    } finally {
      guard.close();
      mock.timers.reset();
      mock.reset();
    }
  }
});
