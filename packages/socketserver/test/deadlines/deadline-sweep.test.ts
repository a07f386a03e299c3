import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineSweep } from '../../src/deadlines/deadline-sweep.ts';
import type { TimedRequest } from '../../src/deadlines/timed-request.ts';
import { RequestTimeoutError } from '../../src/index.ts';
import { resolveTimeouts, type TimeoutOptions } from '../../src/options/timeout-options.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const figures = (timeouts: TimeoutOptions, minBytesPerSecond = 0) => ({
  timeouts: resolveTimeouts(timeouts, 'Cannot sweep'),
  minBytesPerSecond,
});

class Untouched implements TimedRequest {
  watchPlace = -1;
  readonly pace = undefined;
  isOver = false;
  readonly ended = Promise.withResolvers<never>();

  constructor() {
    this.ended.promise.catch(() => undefined); // not every handler waits for it
  }

  interrupt(): void {}

  reset(reason: Error): void {
    this.ended.reject(reason);
  }
}

describe('a sweep', () => {
  it('has no timer without deadlines, and none without requests', async () => {
    const clock = new VirtualClock();
    const idle = new DeadlineSweep(figures({ drainMs: 10, handshakeMs: 10, proxyHeaderMs: 10 }), clock);
    assert.equal(idle.isNeeded, false);
    void idle.watch(new Untouched());
    assert.equal(clock.pending, 0);

    const sweep = new DeadlineSweep(figures({ requestMs: 1_000 }), clock);
    assert.equal(sweep.isNeeded, true);
    assert.equal(clock.pending, 0);
    const ending = Promise.withResolvers<void>();
    const running = sweep.run(new Untouched(), () => ending.promise);
    assert.equal(clock.pending, 1);
    ending.resolve();
    await running;
    await clock.advance(1_000);
    assert.equal(clock.pending, 0, 'the timer is left to itself when nothing is watched any more');
  });

  it('has one timer for all requests', async () => {
    const clock = new VirtualClock();
    const sweep = new DeadlineSweep(figures({ requestMs: 1_000 }), clock);
    const requests = Array.from({ length: 100 }, () => new Untouched());
    const outcomes = requests.map((request) => sweep.run(request, () => request.ended.promise));
    assert.equal(clock.pending, 1);
    const settled = Promise.allSettled(outcomes);
    await clock.advance(1_100);
    assert.ok((await settled).every(({ status }) => status === 'rejected'));
    await clock.advance(100);
    assert.equal(clock.pending, 0);
  });

  it('ends a request at its time, or a sixteenth of the shortest deadline later', async () => {
    const clock = new VirtualClock();
    const sweep = new DeadlineSweep(figures({ requestMs: 1_600, idleMs: 3_200 }), clock);
    await clock.advance(42);
    const request = new Untouched();
    let endedAt = 0;
    request.ended.promise.catch(() => (endedAt = clock.now()));
    const running = sweep.run(request, () => request.ended.promise);
    const rejected = assert.rejects(running, { code: 'REQUEST_TIMEOUT', phase: 'request', ms: 1_600 });
    await clock.advance(3_000);
    await rejected;
    assert.equal(endedAt, 42 + 1_600);
  });

  it('looks no more often than every 10 ms, and no more seldom than each second', async () => {
    for (const [requestMs, intervalMs] of [
      [1, 10],
      [3_600_000, 1_000],
    ] as const) {
      const clock = new VirtualClock();
      const sweep = new DeadlineSweep(figures({ requestMs }), clock);
      let looks = 0;
      const request = {
        watchPlace: -1,
        get isOver(): boolean {
          looks += 1;
          return false;
        },
        pace: undefined,
        interrupt() {},
        reset() {},
      };
      void sweep.watch(request);
      await clock.advance(intervalMs - 1);
      assert.equal(looks, 0);
      await clock.advance(1);
      assert.equal(looks, 1);
    }
  });

  it('throws what ended the request, whatever its handler made of that', async () => {
    for (const reaction of [
      () => undefined,
      () => {
        throw new Error('another one');
      },
    ]) {
      const clock = new VirtualClock();
      const sweep = new DeadlineSweep(figures({ requestMs: 100 }), clock);
      const request = new Untouched();
      const running = sweep.run(request, () => request.ended.promise.catch(reaction));
      const rejected = assert.rejects(running, RequestTimeoutError);
      await clock.advance(200);
      await rejected;
    }
  });

  it('leaves a handler to itself that does not come to an end', async () => {
    const clock = new VirtualClock();
    const sweep = new DeadlineSweep(figures({ requestMs: 160 }), clock);
    const late = Promise.withResolvers<void>();
    const running = sweep.run(new Untouched(), () => late.promise);
    const rejected = assert.rejects(running, { phase: 'request' });
    await clock.advance(200);
    await rejected;
    late.reject(new Error('nobody listens any more')); // and ends no process
    await clock.advance(200);
  });

  it('watches those that are left, whichever has ended', async () => {
    for (const ended of [0, 1, 2]) {
      const clock = new VirtualClock();
      const sweep = new DeadlineSweep(figures({ requestMs: 160 }), clock);
      const requests = [new Untouched(), new Untouched(), new Untouched()];
      const ending = Promise.withResolvers<void>();
      const outcomes = requests.map((request, at) =>
        sweep.run(request, () => (at === ended ? ending.promise : request.ended.promise)),
      );
      ending.resolve();
      await outcomes[ended];
      const settled = Promise.allSettled(outcomes);
      await clock.advance(1_000);
      const fates = (await settled).map(({ status }) => status);
      assert.deepEqual(
        fates,
        requests.map((_request, at) => (at === ended ? 'fulfilled' : 'rejected')),
      );
      assert.equal(clock.pending, 0);
    }
  });

  it('keeps one watch of a request, however often it is asked for', async () => {
    const sweep = new DeadlineSweep(figures({ requestMs: 100 }), new VirtualClock());
    const [first, second] = [new Untouched(), new Untouched()];
    const watch = sweep.watch(first);
    assert.notEqual(sweep.watch(second), watch);
    await sweep.run(first, () => assert.equal(sweep.watch(first), watch));
    assert.notEqual(sweep.watch(first), watch);
    assert.notEqual(sweep.watch(first), sweep.watch(second));
  });

  it('hands on what a handler throws in time', async () => {
    const sweep = new DeadlineSweep(figures({ requestMs: 100 }), new VirtualClock());
    const problem = new Error('of its own');
    await assert.rejects(
      sweep.run(new Untouched(), () => Promise.reject(problem)),
      problem,
    );
    await sweep.run(new Untouched(), () => undefined);
  });

  it('takes other deadlines while requests run', async () => {
    const clock = new VirtualClock();
    const sweep = new DeadlineSweep(figures({}), clock);
    const request = new Untouched();
    const running = sweep.run(request, () => request.ended.promise);
    const rejected = assert.rejects(running, { phase: 'request', ms: 500 });
    await clock.advance(10_000);
    assert.equal(clock.pending, 0);
    sweep.change(figures({ requestMs: 500 }));
    await clock.advance(1_000);
    await rejected;
  });

  it('forgets a request that is over and has no handler to wait for', async () => {
    const clock = new VirtualClock();
    const sweep = new DeadlineSweep(figures({ requestMs: 100 }), clock);
    const request = new Untouched();
    void sweep.watch(request);
    request.isOver = true;
    await clock.advance(10);
    assert.equal(clock.pending, 0);
  });
});
