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
