import type { Clock, Timer } from '../engine/clock.ts';
import { type DeadlineFigures, RequestWatch, windowMs } from './request-watch.ts';
import type { TimedRequest } from './timed-request.ts';

/** Looks in the time of the shortest deadline, and the bounds of what lies between two. */
const looksPerDeadline = 16;
const shortestMs = 10;
const longestMs = 1_000;

/**
 * Ends the requests of a server in this thread whose deadlines are over.
 *
 * There is one timer for all of them, and only while there are any: it looks at each now and then, so a request that
 * keeps its deadlines costs nothing on its way. It does not keep the process alive.
 */
export class DeadlineSweep {
  readonly #clock: Clock;
  /** In no order. Not a `Map`, for the reason that `OpenConnections` is no `Set`: its old tables keep what is dead alive. */
  readonly #watches: RequestWatch[] = [];
  #figures: DeadlineFigures;
  #intervalMs: number;
  #timer: Timer | undefined;
  #isLooking = false;
  #dueAt = 0;

  constructor(figures: DeadlineFigures, clock: Clock) {
    this.#clock = clock;
    this.#figures = figures;
    this.#intervalMs = intervalMs(figures);
  }

  /** The deadlines as they are now. */
  get figures(): DeadlineFigures {
    return this.#figures;
  }

  /** Whether there is any deadline to keep. */
  get isNeeded(): boolean {
    return this.#intervalMs !== Infinity;
  }

  /** Takes other deadlines, also for requests that are watched already. */
  change(figures: DeadlineFigures): void {
    this.#figures = figures;
    this.#intervalMs = intervalMs(figures);
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule();
  }

  /** Watches a request until it is over, or {@link run} has returned. Idempotent; its time runs from the first call. */
  watch(request: TimedRequest): RequestWatch {
    let watch = this.#watches[request.watchPlace];
    if (watch?.request !== request) {
      watch = new RequestWatch(request, this.#clock.now());
      request.watchPlace = this.#watches.length;
      this.#watches.push(watch);
      this.#schedule();
    }
    return watch;
  }

  /**
   * Runs what serves a request. One whose deadline is over has until the next look to come to an end; then it is left
   * to itself.
   *
   * @throws RequestTimeoutError where a deadline has ended the request, whatever `serve` made of that; else what it throws.
   */
  async run(request: TimedRequest, serve: () => Promise<void> | void): Promise<void> {
    const watch = this.watch(request);
    const { abandoned } = watch;
    try {
      await Promise.race([serve(), abandoned]);
    } catch (error) {
      throw watch.failure ?? error;
    } finally {
      this.#forget(watch);
    }
    if (watch.failure !== undefined) throw watch.failure;
  }

  #schedule(): void {
    if (!this.isNeeded || this.#timer !== undefined || this.#isLooking || this.#watches.length === 0) return;
    this.#dueAt = this.#clock.now() + this.#intervalMs;
    this.#timer = this.#clock.setTimeout(() => this.#fired(), this.#intervalMs);
    this.#timer.unref();
  }

  #fired(): void {
    this.#timer = undefined;
    this.#isLooking = true;
    const isLate = this.#clock.now() - this.#dueAt > this.#intervalMs;
    // After what has come meanwhile: timers are called before it is read. [Node: event loop phases]
    setImmediate(() => this.#look(isLate));
  }

  #look(isLate: boolean): void {
    this.#isLooking = false;
    const look = { ...this.#figures, now: this.#clock.now(), isLate };
    for (const watch of this.#watches.slice()) {
      if (this.#has(watch) && !watch.look(look)) this.#forget(watch);
    }
    this.#schedule();
  }

  #has(watch: RequestWatch): boolean {
    return this.#watches[watch.request.watchPlace] === watch;
  }

  /** The last one takes its place. */
  #forget(watch: RequestWatch): void {
    if (!this.#has(watch)) return;
    const { watchPlace } = watch.request;
    const last = this.#watches.pop()!;
    if (last === watch) return;
    this.#watches[watchPlace] = last;
    last.request.watchPlace = watchPlace;
  }
}

function intervalMs({ timeouts, minBytesPerSecond }: DeadlineFigures): number {
  const { firstByteMs, idleMs, requestMs, maxLifetimeMs, drainMs } = timeouts;
  const finest = Math.min(
    firstByteMs,
    idleMs,
    requestMs,
    maxLifetimeMs,
    maxLifetimeMs === Infinity ? Infinity : Math.max(drainMs, 1),
    minBytesPerSecond === 0 ? Infinity : windowMs,
  );
  if (finest === Infinity) return Infinity;
  return Math.min(longestMs, Math.max(shortestMs, finest / looksPerDeadline));
}
