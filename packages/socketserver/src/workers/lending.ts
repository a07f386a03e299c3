import type { Listener } from '../engine/contract/connection.ts';
import { Borrower } from './borrower.ts';
import { chooseBorrower } from './choose-borrower.ts';
import type { PooledWorker } from './pooled-worker.ts';
import type { WorkerRoster } from './worker-roster.ts';

/** Requests are counted for so long before it is decided whether a loan is worth it. */
const windowMs = 10;

/** How many must have come, and have ended, in that time: as many as make up for looking after a borrower. */
const fewestInWindow = 16;

/** Milliseconds of a worker's time that such a request may take on average: a borrower at work holds up those that wait. */
const shortMs = 0.3;

/** How often borrowers are looked after. */
const lookMs = 2;

/** Looks in which hardly anybody came, after which the loan ends: with nobody there, nothing must be awake. */
const quietLooks = 10;

/**
 * Looks in which clients waited, after which one more thread takes them, where those that do have a core each; and in which
 * none did, after which one less does.
 */
const crowdedLooks = 10;
const emptyLooks = 50;

/** A request that lasts longer is looked after as those that were handed over. */
const lastsMs = 50;

/** Pauses after a borrower that left clients waiting: doubled from the first to the last, unless a loan goes well for long. */
const firstPauseMs = 20;
const lastPauseMs = 10_000;
const goodLooks = 100;

/** Whose listener a {@link Lending} lends. */
export interface LendingOwner {
  /** The listener, where workers may take its clients themselves as things are. */
  readonly listener: () => Listener | undefined;
  /** Takes no client any more, while workers do. @returns the number of the next one. */
  lent(): number;
  /** Takes clients again. @param next - the number of the next one. */
  takenBack(next: number): void;
}

/** What a {@link Lending} works with. */
export interface LendingParts {
  readonly roster: WorkerRoster;
  readonly owner: LendingOwner;
  /** Clients wait, and there is no further thread to take them: one more may be worth it. */
  readonly crowded: () => void;
}

/**
 * Lends the server's listener to its threads, which take clients themselves then: that spares the way of each from one
 * thread to another. They have it only while many short requests come, and no more of them than have to: one, while that
 * one takes all who come.
 *
 * Nobody waits for a borrower that is held up: all are looked after every two milliseconds, and the server takes the loan
 * back where clients wait and one of them does not move.
 */
export class Lending {
  readonly #roster: WorkerRoster;
  readonly #owner: LendingOwner;
  readonly #tellCrowded: () => void;
  #borrowers: Borrower[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of the window. */
  #came = 0;
  #began = 0;
  #servedBefore = 0;
  #busyMsBefore = 0;
  /** Of the looks so far. */
  #looks = 0;
  #quiet = 0;
  #crowded = 0;
  #empty = 0;
  #pauseMs = 0;
  #pausesUntil = 0;

  constructor({ roster, owner, crowded }: LendingParts) {
    this.#tellCrowded = crowded;
    this.#roster = roster;
    this.#owner = owner;
  }

  /** A request was handed to a worker. */
  handedOut(now: number): void {
    this.#came += 1;
    if (this.#came < fewestInWindow || now - this.#began < windowMs) return;
    const isDense = now - this.#began < windowMs * 2 && this.#borrowers.length === 0; // else they waited since before the loan
    if (isDense && now >= this.#pausesUntil && this.#owner.listener() !== undefined && this.#areShort()) {
      this.#begin();
    }
    this.#came = 0;
    this.#began = now;
  }

  /** Nobody but the server takes clients, from now on; all that were taken are known, one by one. */
  end(): void {
    const borrowers = this.#borrowers;
    if (borrowers.length === 0) return;
    this.#borrowers = [];
    clearInterval(this.#timer);
    // All of them first: what is told then may have the program end the loan too, which is over already.
    let next = 0;
    for (const borrower of borrowers) next = borrower.takeBack();
    this.#owner.takenBack(next);
    for (const borrower of borrowers) borrower.end();
  }

  /** A worker is to get nothing more. */
  leaves(pooled: PooledWorker): void {
    if (this.#borrowers.some((borrower) => borrower.pooled === pooled)) this.end();
  }

  #areShort(): boolean {
    let served = 0;
    let busyMs = 0;
    for (const pooled of this.#roster.workers) {
      served += pooled.served;
      busyMs += pooled.worker.busyMs ?? Infinity;
    }
    const ended = served - this.#servedBefore;
    const tookMs = busyMs - this.#busyMsBefore;
    this.#servedBefore = served;
    this.#busyMsBefore = busyMs;
    return ended >= fewestInWindow && tookMs / ended < shortMs;
  }

  #begin(): void {
    const number = this.#owner.lent();
    if (!this.#lend(number)) {
      this.#owner.takenBack(number);
      return;
    }
    this.#looks = this.#quiet = this.#crowded = this.#empty = 0;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Lets one more thread take clients, the freest. @returns whether there is one that can. */
  #lend(number: number): boolean {
    const choice = chooseBorrower(this.#roster.workers);
    const listener = this.#owner.listener();
    if (choice === undefined || listener === undefined) return false;
    const { pooled, quota } = choice;
    if (!pooled.lend(listener, { number, quota })) return false;
    this.#borrowers.push(new Borrower(pooled));
    return true;
  }

  #look(): void {
    const now = performance.now();
    this.#looks += 1;
    this.#roster.takeReports();
    if (this.#borrowers.length === 0) return; // one of them was let go
    let served = 0;
    let isWellLent = this.#owner.listener() !== undefined;
    const isCrowded = this.#borrowers[0]!.pooled.loan.leavesWaiting;
    for (const borrower of this.#borrowers) {
      served += borrower.look(now - lastsMs);
      if (borrower.isHeldUp && isCrowded) this.#pause(now);
      if (borrower.pooled.loan.state !== 'out' || (borrower.isHeldUp && isCrowded)) isWellLent = false;
    }
    this.#quiet = served > 1 ? 0 : this.#quiet + 1;
    const { durations, workers } = this.#roster;
    if (!isWellLent || this.#quiet >= quietLooks || durations.areLong(workers)) this.end();
    else this.#fit(isCrowded, now);
  }

  /** Has as many threads take clients as it takes. */
  #fit(isCrowded: boolean, now: number): void {
    if (this.#looks === goodLooks) this.#pauseMs = 0;
    this.#crowded = isCrowded ? this.#crowded + 1 : 0;
    this.#empty = isCrowded ? 0 : this.#empty + 1;
    if (this.#crowded >= crowdedLooks) {
      this.#crowded = 0;
      const areAtLimit = this.#borrowers.filter((borrower) => borrower.isAtLimit(now)).length;
      if (areAtLimit === this.#borrowers.length && !this.#lend(0)) this.#tellCrowded();
    } else if (this.#empty >= emptyLooks && this.#borrowers.length > 1) {
      this.#empty = 0;
      const last = this.#borrowers.pop()!;
      last.takeBack();
      last.end();
    }
  }

  #pause(now: number): void {
    this.#pauseMs = Math.min(lastPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
    this.#pausesUntil = now + this.#pauseMs;
  }
}
