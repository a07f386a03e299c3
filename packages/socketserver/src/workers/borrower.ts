import type { PooledWorker } from './pooled-worker.ts';

/** Time of a core that a borrower may use with no sign of life, after which it counts as held up. */
const stillCpuMs = 1.5;

/** Looks with no sign of life after which it counts as held up all the same: it may wait for something and use no core. */
const stillLooks = 5;

/** Share of a core from which on a borrower has one for itself. */
const wholeCore = 0.95;

/** A thread that takes clients itself, as it is looked after. */
export class Borrower {
  readonly pooled: PooledWorker;
  #beats: number;
  #served: number;
  #still = 0;
  /** The time it has used of a core: when it last gave a sign of life, and when it was last asked whether it is at its limit. */
  #cpuMsAtBeat: number;
  #cpuMsAtCheck: number;
  #checkedAt: number;

  constructor(pooled: PooledWorker) {
    this.pooled = pooled;
    pooled.takeReports();
    this.#beats = pooled.worker.reports!.beats;
    this.#served = pooled.served;
    this.#cpuMsAtBeat = pooled.loan.cpuMs;
    this.#cpuMsAtCheck = pooled.loan.cpuMs;
    this.#checkedAt = performance.now();
  }

  /** Whether it is at something else: clients that wait, wait for it in vain. That it waits for a core does not count. */
  get isHeldUp(): boolean {
    const isAtWork = this.#still > 0 && this.pooled.loan.cpuMs - this.#cpuMsAtBeat >= stillCpuMs;
    return isAtWork || this.#still >= stillLooks;
  }

  /** Looks at what it has reported. @param before - what began before is kept one by one. @returns requests that it has served since. */
  look(before: number): number {
    const { beats } = this.pooled.worker.reports!;
    if (beats === this.#beats) {
      this.#still += 1;
    } else {
      this.#still = 0;
      this.#beats = beats;
      this.#cpuMsAtBeat = this.pooled.loan.cpuMs;
    }
    this.pooled.adoptLent(before);
    const served = this.pooled.served - this.#served;
    this.#served = this.pooled.served;
    return served;
  }

  /** Whether it had a core for itself all the time since this was last asked: more than that it cannot do. */
  isAtLimit(now: number): boolean {
    const share = (this.pooled.loan.cpuMs - this.#cpuMsAtCheck) / (now - this.#checkedAt);
    this.#cpuMsAtCheck = this.pooled.loan.cpuMs;
    this.#checkedAt = now;
    return share >= wholeCore;
  }

  /** It takes no client any more. @returns the number of the next one. */
  takeBack(): number {
    return this.pooled.loan.takeBack();
  }

  /** Has all that it took be requests like any other, of which subscribers are told. */
  end(): void {
    this.pooled.loanEnded();
    this.pooled.adoptLent();
  }
}
