import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Listener } from '../../src/engine/contract/connection.ts';
import type { LoanState } from '../../src/engine/contract/loan.ts';
import { Lending, type LendingParts } from '../../src/workers/lending.ts';
import { until } from '../support/until.ts';

/** A thread that is always at work on a core of its own, and leaves clients waiting. */
class BusyThread {
  readonly hasRoom = true;
  readonly isBlocked = false;
  readonly answersNow = true;
  readonly active = 0;
  readonly worker = { busyMs: 1, reports: { beats: 0 } };
  readonly loan = {
    state: 'over' as LoanState,
    leavesWaiting: true,
    get cpuMs(): number {
      return performance.now();
    },
    takeBack(): number {
      this.state = 'over';
      return 7;
    },
  };
  adopts = (): void => {};
  #served = 0;

  get served(): number {
    this.worker.reports.beats += 1;
    return (this.#served += 100);
  }
  lend(): boolean {
    this.loan.state = 'out';
    return true;
  }
  takeReports(): void {}
  loanEnded(): void {}
  adoptLent(before?: number): void {
    if (before === undefined) this.adopts();
  }
}

describe('a listener on loan to several threads', () => {
  it('is back from all of them before anything is told of what they took', async () => {
    const threads = [new BusyThread(), new BusyThread()];
    const taken: number[] = [];
    const roster = { workers: new Set(threads), takeReports() {}, durations: { areLong: () => false } };
    const lending = new Lending({
      roster: roster as unknown as LendingParts['roster'],
      owner: { listener: () => ({}) as Listener, lent: () => 1, takenBack: (next) => void taken.push(next) },
      crowded() {},
    });
    for (let at = 0; at < 64; at += 1) lending.handedOut(1_000 + at);
    await until(() => threads.every(({ loan }) => loan.state === 'out'));
    const states: LoanState[][] = [];
    for (const thread of threads) {
      thread.adopts = () => {
        states.push(threads.map(({ loan }) => loan.state));
        lending.end(); // as by a subscriber who suspends the server
      };
    }
    lending.end();
    assert.deepEqual(states, [
      ['over', 'over'],
      ['over', 'over'],
    ]);
    assert.deepEqual(taken, [7]);
  });
});
