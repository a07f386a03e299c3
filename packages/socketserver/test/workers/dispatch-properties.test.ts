import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { PooledRequest } from '../../src/workers/pooled-request.ts';
import { type DispatchParts, RequestDispatch } from '../../src/workers/request-dispatch.ts';

/** A worker whose loop answers as the test says. */
class Puppet {
  readonly state = 'ready';
  readonly hasRoom = true;
  isBlocked = false;
  active = 0;
  /** Whether its loop waits at that moment. */
  isFree = true;
  /** When those that are asked were: just now, for as long as the test lasts, unless it says otherwise. */
  askedAt: number | undefined;

  get answersNow(): boolean {
    return this.isFree && this.askedAt === undefined;
  }
  ask(): void {
    this.askedAt ??= Infinity;
  }
  answered(): void {
    this.askedAt = undefined;
  }
  serve(_request?: PooledRequest): boolean {
    this.active += 1;
    return true;
  }
  countBegunBy(): number {
    return 0;
  }
}

function dispatchTo(workers: Puppet[], { areLong }: { areLong: boolean }, test: TestContext) {
  const roster = {
    workers: new Set(workers),
    alive: workers,
    canStart: false,
    isBusyStarting: false,
    durations: { areLong: () => areLong },
    takeReports() {},
  };
  const dispatch = new RequestDispatch({
    options: { max: 2, cores: 2, requestsPerWorker: Infinity, blockedMs: Infinity },
    roster,
    watch: { start() {} },
    handedOut() {},
  } as unknown as DispatchParts);
  test.after(() => void dispatch.clear());
  return dispatch;
}

function add(dispatch: RequestDispatch, count: number): void {
  for (let at = 0; at < count; at += 1) dispatch.add({ id: at, cameAt: performance.now() } as PooledRequest);
}

describe('the dispatch of requests to any workers', () => {
  it('keeps those even that last', (test) => {
    const [computing, answering] = [new Puppet(), new Puppet()];
    const dispatch = dispatchTo([computing, answering], { areLong: true }, test);
    computing.active = 1;
    computing.isFree = false;
    add(dispatch, 7);
    assert.deepEqual([computing.active, answering.active, dispatch.waiting], [1, 2, 5]);
  });

  it('waits no longer for one that does not answer soon', (test) => {
    const [spinning, answering] = [new Puppet(), new Puppet()];
    const dispatch = dispatchTo([spinning, answering], { areLong: true }, test);
    spinning.active = 1;
    spinning.isFree = false;
    spinning.askedAt = -Infinity;
    add(dispatch, 7);
    assert.deepEqual([spinning.active, answering.active, dispatch.waiting], [1, 7, 0]);
  });

  it('waits for none that is blocked', (test) => {
    const [blocked, answering] = [new Puppet(), new Puppet()];
    const dispatch = dispatchTo([blocked, answering], { areLong: true }, test);
    blocked.active = 1;
    blocked.isFree = false;
    blocked.isBlocked = true;
    add(dispatch, 7);
    assert.deepEqual([answering.active, dispatch.waiting], [7, 0]);
  });

  it('keeps the order, and gives none to a worker that does not answer, or more to one with more', (test) => {
    const worker = fc.record({
      active: fc.nat(6),
      isFree: fc.boolean(),
      isBlocked: fc.boolean(),
      wasAsked: fc.constantFrom(undefined, -Infinity, Infinity),
    });
    const workers = fc.array(worker, { minLength: 1, maxLength: 5 });
    const property = fc.property(workers, fc.nat(12), fc.boolean(), (states, count, areLong) => {
      const puppets = states.map(({ wasAsked, ...state }) =>
        Object.assign(new Puppet(), state, { askedAt: wasAsked }),
      );
      const served: number[] = [];
      for (const puppet of puppets) {
        puppet.serve = (request) => {
          assert.ok(puppet.answersNow);
          const answering = puppets.filter(({ answersNow }) => answersNow);
          assert.equal(puppet.active, Math.min(...answering.map(({ active }) => active)));
          const asked = puppets.filter(({ askedAt, isBlocked }) => askedAt === Infinity && !isBlocked);
          const lead = areLong ? 1 : Infinity;
          assert.ok(asked.every(({ active }) => puppet.active === 0 || puppet.active < active + lead));
          served.push(request!.id);
          puppet.active += 1;
          return true;
        };
      }
      const dispatch = dispatchTo(puppets, { areLong }, test);
      add(dispatch, count);
      assert.deepEqual(
        served,
        Array.from(served, (_id, index) => index),
      );
      assert.equal(dispatch.waiting, count - served.length);
      const isHeldBack = puppets.some(({ askedAt }) => askedAt === Infinity);
      assert.ok(served.length === count || isHeldBack || puppets.every(({ answersNow }) => !answersNow));
      dispatch.clear();
    });
    fc.assert(property);
  });
});
