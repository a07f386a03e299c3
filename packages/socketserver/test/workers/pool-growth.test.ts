import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GrowingWorkers, PoolGrowth } from '../../src/workers/pool-growth.ts';
import { RequestDurations } from '../../src/workers/request-durations.ts';
import { resolveWorkerOptions, type WorkerKind } from '../../src/workers/worker-options.ts';

/** Workers that start when they are told to, and never get ready by themselves. */
class Workers implements GrowingWorkers {
  readonly alive: {
    state: 'ready' | 'starting';
    hasRoom: boolean;
    isBlocked: boolean;
    countBegunBy: () => number;
  }[] = [];
  readonly durations = new RequestDurations();
  readonly cores: number;
  canStart = true;

  constructor({ cores, ready }: { cores: number; ready: number }) {
    this.cores = cores;
    for (let count = 0; count < ready; count += 1) this.start('ready');
  }

  get starting(): number {
    return this.alive.filter(({ state }) => state === 'starting').length;
  }

  get isBusyStarting(): boolean {
    return this.starting >= this.cores;
  }

  start(state: 'ready' | 'starting' = 'starting'): void {
    this.alive.push({ state, hasRoom: true, isBlocked: false, countBegunBy: () => 0 });
  }

  /** As after many requests that took this long. */
  served(ms: number): this {
    for (let count = 0; count < 20; count += 1) this.durations.ended(ms);
    return this;
  }
}

function growthOf(
  workers: Workers,
  { kind = 'process', max = 40 }: { kind?: WorkerKind; max?: number } = {},
): PoolGrowth {
  const options = resolveWorkerOptions({ max }, { kind, defaultMax: max, action: 'Cannot test' });
  return new PoolGrowth({ ...options, cores: workers.cores }, workers);
}

describe('the growth of a pool of processes', () => {
  it('starts one for each waiting request that may last, but no more at once than there are cores', () => {
    const workers = new Workers({ cores: 4, ready: 1 });
    const growth = growthOf(workers);
    growth.review({ count: 2, forMs: 0 });
    assert.equal(workers.starting, 2);
    growth.review({ count: 40, forMs: 0 });
    assert.equal(workers.starting, 4);
  });

  it('counts those that start against the requests that wait', () => {
    const workers = new Workers({ cores: 8, ready: 1 });
    const growth = growthOf(workers);
    for (let again = 0; again < 5; again += 1) growth.review({ count: 3, forMs: 0 });
    assert.equal(workers.starting, 3);
  });

  it('stays within the maximum', () => {
    const workers = new Workers({ cores: 8, ready: 2 });
    const growth = growthOf(workers, { max: 3 });
    growth.review({ count: 20, forMs: 0 });
    assert.equal(workers.alive.length, 3);
  });

  it('starts none for a crowd of short requests, unless one waits for long, and then one at a time', () => {
    const workers = new Workers({ cores: 4, ready: 1 }).served(1);
    const growth = growthOf(workers);
    growth.review({ count: 40, forMs: 10 });
    assert.equal(workers.starting, 0);
    growth.review({ count: 40, forMs: 60 });
    growth.review({ count: 40, forMs: 70 });
    assert.equal(workers.starting, 1);
  });

  it('is asked again while a start may be worth it later', () => {
    const growth = growthOf(new Workers({ cores: 4, ready: 1 }).served(1), { max: 2 });
    assert.ok(growth.review({ count: 1, forMs: 0 }));
    assert.ok(!growth.review({ count: 0, forMs: 0 }));
    growth.review({ count: 1, forMs: 60 });
    assert.ok(!growth.review({ count: 9, forMs: 1_000 }), 'there are as many as there may be');
  });

  it('starts none while crashes are backed off from', () => {
    const workers = new Workers({ cores: 4, ready: 1 });
    workers.canStart = false;
    assert.ok(!growthOf(workers).review({ count: 5, forMs: 1_000 }));
    assert.equal(workers.starting, 0);
  });
});

describe('the growth of a pool of threads', () => {
  const kind = 'thread';

  it('has requests that last wait for a thread of their own until there is one for each core', () => {
    const workers = new Workers({ cores: 2, ready: 1 });
    const growth = growthOf(workers, { kind });
    assert.ok(growth.isWorthWaiting({ count: 1, forMs: 0 }));
    growth.review({ count: 7, forMs: 0 });
    assert.equal(workers.starting, 1);
    assert.ok(growth.isWorthWaiting({ count: 7, forMs: 500 }));
    assert.ok(!growth.isWorthWaiting({ count: 7, forMs: 4_000 }), 'a start that hangs holds nobody up');
    workers.alive[1]!.state = 'ready';
    assert.ok(!growth.isWorthWaiting({ count: 7, forMs: 0 }));
  });

  it('does not hold up short requests', () => {
    const workers = new Workers({ cores: 2, ready: 1 }).served(5);
    assert.ok(!growthOf(workers, { kind }).isWorthWaiting({ count: 1, forMs: 0 }));
  });

  it('goes on beyond the cores only while every thread is blocked', () => {
    const workers = new Workers({ cores: 2, ready: 2 });
    const growth = growthOf(workers, { kind, max: 32 });
    growth.review({ count: 3, forMs: 0 });
    assert.equal(workers.starting, 0);
    for (const worker of workers.alive) worker.isBlocked = true;
    growth.review({ count: 1, forMs: 0 });
    assert.equal(workers.starting, 1);
  });
});

describe('the durations of requests', () => {
  it('count as long until something is known', () => {
    assert.ok(new RequestDurations().areLong([]));
  });

  it('follow what the requests of late took', () => {
    const durations = new RequestDurations();
    for (let count = 0; count < 20; count += 1) durations.ended(1);
    assert.ok(!durations.areLong([]));
    for (let count = 0; count < 20; count += 1) durations.ended(1_000);
    assert.ok(durations.areLong([]));
  });

  it('see requests that have run for long, though they have not ended', () => {
    const durations = new RequestDurations();
    for (let count = 0; count < 3; count += 1) durations.ended(1);
    const running = (count: number, ms: number) => ({
      countBegunBy: (time: number, most: number) =>
        performance.now() - ms <= time ? Math.min(count, most) : 0,
    });
    assert.ok(!durations.areLong([running(8, 0)]));
    assert.ok(!durations.areLong([running(1, 10_000)]), 'one that stays says nothing about the others');
    assert.ok(durations.areLong([running(3, 10_000)]));
  });
});
