import { RequestQueue } from '../engine/request-queue.ts';
import type { AnswerWatch } from './answer-watch.ts';
import { PoolGrowth, type Waiting } from './pool-growth.ts';
import type { PooledRequest } from './pooled-request.ts';
import type { PooledWorker } from './pooled-worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';
import type { WorkerRoster } from './worker-roster.ts';

/** Requests that a busy worker gets when it answers: more would wait behind each other while others get free. */
const requestsPerAnswer = 4;

/** How long a request waits for a worker that has fewer than the one that has time, where requests last. */
const evennessMs = 10;

/** How soon those that wait are looked at again. */
const reviewMs = 20;

/** What a {@link RequestDispatch} works with. */
export interface DispatchParts {
  readonly options: ResolvedWorkerOptions;
  readonly roster: WorkerRoster;
  readonly watch: AnswerWatch;
  /** A request that waited has a worker. */
  readonly handedOut: () => void;
}

/**
 * Hands requests to workers, in the order in which they came.
 *
 * A request goes to the worker with the fewest requests among those whose event loop waits at that moment. Where all
 * are busy they are asked, and the first to answer gets it: so one that is blocked gets nothing new, and nobody waits
 * behind it.
 */
export class RequestDispatch {
  readonly #options: ResolvedWorkerOptions;
  readonly #roster: WorkerRoster;
  readonly #watch: AnswerWatch;
  readonly #growth: PoolGrowth;
  readonly #handedOut: () => void;
  readonly #waiting = new RequestQueue<PooledRequest>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ options, roster, watch, handedOut }: DispatchParts) {
    this.#handedOut = handedOut;
    this.#options = options;
    this.#roster = roster;
    this.#watch = watch;
    this.#growth = new PoolGrowth(options, roster);
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a request, and hands it to a worker as soon as one has time. */
  add(request: PooledRequest): void {
    this.#roster.takeReports();
    this.#waiting.push(request);
    this.run();
  }

  /** Hands out what workers have time for, and sees to it that there are such. */
  run(): void {
    let waitsForFewer = false;
    while (this.#waiting.length > 0 && !waitsForFewer) {
      const pooled = this.#freest();
      if (pooled === undefined) {
        this.#askBusy();
        break;
      }
      if (pooled.active > 0 && this.#growth.isWorthWaiting(this.#wait)) break;
      waitsForFewer = pooled.active > 0 && this.#askThoseWithFewer(pooled);
      if (!waitsForFewer) this.#serveNext(pooled);
    }
    if (this.#growth.review(this.#wait) || waitsForFewer) this.#lookAgain();
  }

  /** Clients wait that workers are to take themselves, and all that can are at their limit. */
  crowded(): void {
    this.#growth.review({ count: 1, forMs: Infinity });
  }

  /** A worker is ready: it gets as many requests as the others have, although it is busy from the first one on. */
  started(pooled: PooledWorker): void {
    const useful = this.#useful();
    const all = useful.reduce((sum, { active }) => sum + active, this.#waiting.length);
    this.#serve(pooled, Math.ceil(all / Math.max(1, useful.length)));
    this.run();
  }

  /** A worker has answered, and so has time at this moment. */
  answered(pooled: PooledWorker): void {
    pooled.answered();
    const share = Math.ceil(this.#waiting.length / Math.max(1, this.#useful().length));
    this.#serve(pooled, Math.min(requestsPerAnswer, share));
    this.run();
  }

  /** Gives up what waits. */
  clear(): PooledRequest[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#waiting.clear();
  }

  get #wait(): Waiting {
    const first = this.#waiting.first;
    return {
      count: this.#waiting.length,
      forMs: first === undefined ? 0 : performance.now() - first.cameAt,
    };
  }

  #useful(): PooledWorker[] {
    return this.#roster.alive.filter((pooled) => pooled.hasRoom && !pooled.isBlocked);
  }

  #serve(pooled: PooledWorker, most: number): void {
    for (let count = 0; count < most && pooled.hasRoom && this.#waiting.length > 0; count += 1) {
      if (pooled.active > 0 && this.#growth.isWorthWaiting(this.#wait)) break;
      this.#serveNext(pooled);
    }
  }

  #serveNext(pooled: PooledWorker): void {
    const request = this.#waiting.take()!;
    if (pooled.serve(request) && this.#options.blockedMs !== Infinity) this.#watch.start();
    this.#handedOut();
  }

  #freest(): PooledWorker | undefined {
    let best: PooledWorker | undefined;
    for (const pooled of this.#roster.workers) {
      if (!pooled.hasRoom || (best !== undefined && best.active <= pooled.active)) continue;
      if (pooled.answersNow) best = pooled;
    }
    return best;
  }

  #askBusy(): void {
    for (const pooled of this.#roster.workers) if (pooled.hasRoom) this.#ask(pooled);
  }

  /**
   * Where requests last they are to be even: a worker with fewer, which happens to be at work, gets a moment to answer.
   *
   * @returns whether there is one.
   */
  #askThoseWithFewer({ active }: PooledWorker): boolean {
    const { workers, durations } = this.#roster;
    const others = [...workers].filter((other) => other.active < active && other.hasRoom && !other.isBlocked);
    if (others.length === 0 || !durations.areLong(workers)) return false;
    const before = performance.now() - evennessMs;
    const worthAsking = others.filter(({ askedAt }) => askedAt === undefined || askedAt > before);
    for (const pooled of worthAsking) this.#ask(pooled);
    return worthAsking.length > 0;
  }

  #ask(pooled: PooledWorker): void {
    pooled.ask();
    this.#watch.start();
  }

  #lookAgain(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.run();
    }, reviewMs).unref();
  }
}
