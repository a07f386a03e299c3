/** What docs/security.md says of penalties: how much each fault costs, for whom, and how long an address can keep a place all the same. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { IntakeGuard, type RefusalFault } from '../../src/server/core/intake-guard.ts';
import { Penalties, sourceOf } from '../../src/server/core/penalties.ts';
import { resolveServerOptions } from '../../src/server/server-options.ts';

const settings = resolveServerOptions({}).guard;
const { minMs, maxMs } = settings.penalties;

let now = 0;
beforeEach(() => {
  now = 0;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.reset());

/** A guard with the settings of a server that was told nothing, and what it tells. */
function startGuard(): Disposable & {
  readonly guard: IntakeGuard;
  readonly told: string[];
  readonly reasons: string[];
} {
  const told: string[] = [];
  const reasons: string[] = [];
  const guard = new IntakeGuard(settings, ({ fault, address, reason }) => {
    told.push(`${fault} ${address}`);
    reasons.push(reason);
  });
  return { guard, told, reasons, [Symbol.dispose]: () => guard.close() };
}

const request = { reset() {} };

describe('a server that was told nothing', () => {
  it('gives 10 s, has room for 128, and keeps nobody of its own machine out', () => {
    assert.deepEqual(settings, {
      authenticationMs: 10_000,
      maxHalfOpen: 128,
      penalties: { minMs: 15_000, maxMs: 600_000, exempt: ['127.0.0.0/8', '::1'] },
    });
    using started = startGuard();
    for (const [index, address] of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].entries()) {
      for (let count = 0; count < 50; count += 1)
        started.guard.blamed({ fault: 'silent', address, reason: '' }, 10_000);
      assert.ok(started.guard.came({ listener: 0, requestId: index }, request, address), address);
    }
  });
});

describe('a fault', () => {
  const timesUntilOut: Readonly<Partial<Record<RefusalFault, number>>> = {
    'unknown-key': 3, // 5 s each, and 15 s are enough
    'no-key': 3,
    protocol: 3,
    silent: 2, // 10 s each
    gone: 15, // 1 s each
  };
  for (const [fault, expected] of Object.entries(timesUntilOut)) {
    it(`of the kind ${fault} keeps its address out after ${expected} of them`, () => {
      using started = startGuard();
      const address = '192.0.2.1';
      let times = 0;
      while (started.guard.came({ listener: 0, requestId: times }, request, address)) {
        started.guard.refused(
          { listener: 0, requestId: times },
          { fault: fault as RefusalFault, address, reason: '' },
        );
        times += 1;
      }
      assert.equal(times, expected);
      assert.equal(started.told.at(-1), `penalty ${address}`);
    });
  }

  it('costs a place that was kept for nothing 1.4 times as long as it was kept', () => {
    for (const [heldMs, isOut] of [
      [Math.floor(minMs / 1.4), false],
      [Math.ceil(minMs / 1.4), true],
    ] as const) {
      now = 0;
      using started = startGuard();
      const name = { listener: 0, requestId: 0 };
      started.guard.came(name, request, '192.0.2.1');
      now += heldMs;
      started.guard.ended(name);
      assert.equal(started.guard.came({ listener: 0, requestId: 1 }, request, '192.0.2.1'), !isOut);
    }
  });

  it('lets an address keep a place for seven tenths of the time at most, however it comes and goes', () => {
    for (const heldMs of [1, 500, 714, 1_000, 3_000, 7_000, 9_999]) {
      now = 0;
      using started = startGuard();
      let held = 0;
      for (let requestId = 0, cycles = 0; cycles < 10; requestId += 1) {
        const name = { listener: 0, requestId };
        if (started.guard.came(name, request, '192.0.2.1')) {
          now += heldMs;
          held += heldMs;
          started.guard.ended(name);
          continue;
        }
        now += 1_000 * Number(/another (\d+) s$/.exec(started.reasons.at(-1)!)![1]);
        cycles += 1;
      }
      assert.ok(held / now < 0.715, `${heldMs} ms at a time: ${held / now}`);
    }
  });
});

describe('penalties', () => {
  const ofNobody = { minMs, maxMs, exempt: ['192.0.2.0/28', '2001:db8:1::/48'] };

  it('hold for an IPv4 address, also where it is written as one of IPv6, and for a /64 of IPv6', () => {
    const penalties = new Penalties(ofNobody);
    penalties.add('198.51.100.1', minMs);
    penalties.add('2001:db8:0:5::1', minMs);
    const isOut = (address: string): boolean => penalties.remainingMs(address) > 0;
    assert.deepEqual(
      ['198.51.100.1', '::ffff:198.51.100.1', '2001:db8:0:5:ffff:ffff:ffff:ffff', '2001:db8:0:5::'].map(
        isOut,
      ),
      [true, true, true, true],
    );
    assert.deepEqual(['198.51.100.2', '2001:db8:0:6::1', '2001:db8::5', '2001:db8::'].map(isOut), [
      false,
      false,
      false,
      false,
    ]);
    assert.notEqual(sourceOf('::1'), sourceOf('1::1'));
  });

  it('leave out the addresses that were taken out, and last no longer than the longest', () => {
    const penalties = new Penalties(ofNobody);
    for (const address of ['192.0.2.7', '2001:db8:1:2::3', '192.0.2.99']) penalties.add(address, 10 * maxMs);
    assert.deepEqual(
      ['192.0.2.7', '2001:db8:1:2::3', '192.0.2.99'].map((address) => penalties.remainingMs(address)),
      [0, 0, maxMs],
    );
    now += maxMs;
    assert.equal(penalties.remainingMs('192.0.2.99'), 0);
  });
});

describe('a guard whose room is scarce', () => {
  it('has newcomers push out others from half of it on, of the address that has most', (t) => {
    const random = t.mock.method(Math, 'random', () => 0); // pushes out whenever it may
    using started = startGuard();
    const { guard, told } = started;
    let requestId = 0;
    const comes = (address: string): boolean =>
      guard.came({ listener: 0, requestId: ++requestId }, request, address);
    for (let count = 0; count < 10; count += 1) comes('192.0.2.1');
    for (let count = 10; count < settings.maxHalfOpen / 2; count += 1) comes(`198.51.100.${count}`);
    assert.deepEqual(told, []);
    for (let count = 0; count < 9; count += 1) comes('203.0.113.9');
    assert.deepEqual(new Set(told), new Set(['crowded 192.0.2.1', 'crowded 203.0.113.9']));
    assert.equal(told[0], 'crowded 192.0.2.1');
    random.mock.mockImplementation(() => 0.999); // pushes out only where it must
    const before = told.length;
    for (let count = guard.halfOpen; count < settings.maxHalfOpen; count += 1) comes(`198.51.100.${count}`);
    assert.equal(told.length, before);
    comes('198.51.100.255');
    assert.equal(told.length, before + 1);
    assert.equal(guard.halfOpen, settings.maxHalfOpen);
  });
});
