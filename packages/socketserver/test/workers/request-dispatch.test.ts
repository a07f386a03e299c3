import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PooledRequest } from '../../src/workers/pooled-request.ts';
import type { PooledWorker } from '../../src/workers/pooled-worker.ts';
import { RequestDispatch } from '../../src/workers/request-dispatch.ts';
import { RequestDurations } from '../../src/workers/request-durations.ts';
import { resolveWorkerOptions } from '../../src/workers/worker-options.ts';
import type { WorkerRoster } from '../../src/workers/worker-roster.ts';

/** A worker that takes what it is given, and never answers. */
class Thread {
  readonly served: PooledRequest[] = [];
  state: 'starting' | 'ready' = 'ready';
  askedAt: number | undefined;
  isBlocked = false;
  active = 0;

  get answersNow(): boolean {
    return this.state === 'ready' && this.askedAt === undefined;
  }

  get hasRoom(): boolean {
    return this.state === 'ready';
  }

  ask(): void {
    this.askedAt ??= performance.now();
  }

  serve(request: PooledRequest): boolean {
    this.served.push(request);
    this.active += 1;
    return true;
  }

  countBegunBy(): number {
    return 0;
  }
}

/** A pool's threads; none gets ready by itself. No timer runs in these tests: what is to happen at once does, or fails. */
class Threads {
  readonly workers = new Set<Thread>();
  readonly durations = new RequestDurations();
  readonly canStart = true;
  readonly isBusyStarting = false;

  get alive(): Thread[] {
    return [...this.workers];
  }

  takeReports(): void {}

  start(): void {
    const thread = new Thread();
    thread.state = 'starting';
    this.workers.add(thread);
  }
}

/** A pool of which one thread spins, so that it does not answer. */
function poolWithOneThatSpins({ areShort = false, isBlocked = false } = {}) {
  const threads = new Threads();
  if (areShort) for (let count = 0; count < 20; count += 1) threads.durations.ended(1);
  const spinning = new Thread();
  spinning.active = 1;
  spinning.askedAt = performance.now() - 20; // more than it is given to answer, where it has fewer than others
  spinning.isBlocked = isBlocked;
  threads.workers.add(spinning);
  const dispatch = new RequestDispatch({
    options: {
      ...resolveWorkerOptions({}, { kind: 'thread', defaultMax: 32, action: 'Cannot test' }),
      cores: 2,
    },
    roster: threads as unknown as WorkerRoster,
    watch: { start() {} } as never,
    handedOut: () => {},
  });
  const come = (): void => dispatch.add({ cameAt: performance.now() } as PooledRequest);
  return { threads, spinning, dispatch, come };
}

describe('who comes while the handler of a thread spins', () => {
  for (const isBlocked of [false, true]) {
    const known = isBlocked ? 'which is known to be blocked' : 'which has not answered for a moment';

    it(`goes at once to a thread that answers, past that one, ${known}`, () => {
      const { threads, spinning, dispatch, come } = poolWithOneThatSpins({ areShort: true, isBlocked });
      const free = new Thread();
      threads.workers.add(free);
      for (let count = 0; count < 50; count += 1) come();
      assert.equal(dispatch.waiting, 0);
      assert.deepEqual([spinning.served.length, free.served.length], [0, 50]);
      dispatch.clear();
    });

    it(`has a further thread started at once, where there is none but that one, ${known}`, () => {
      const { threads, spinning, dispatch, come } = poolWithOneThatSpins({ isBlocked });
      come();
      assert.equal(threads.workers.size, 2);
      for (let count = 1; count < 50; count += 1) come();
      const fresh = threads.alive[1]!;
      fresh.state = 'ready';
      dispatch.started(fresh as unknown as PooledWorker);
      assert.equal(dispatch.waiting, 0);
      assert.deepEqual([spinning.served.length, fresh.served.length], [0, 50]);
      dispatch.clear();
    });
  }
});
