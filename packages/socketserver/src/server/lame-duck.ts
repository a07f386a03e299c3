import { systemClock } from '../engine/clock.ts';

/**
 * The time between a server's decision to end and its end, in which it still takes requests: its health listener says
 * that it is going, and balancers have time to see that.
 */
export class LameDuck {
  readonly #over = Promise.withResolvers<void>();

  /** Resolves after `ms`, when `stopped` does, or at {@link cutShort}; `Infinity` is only the latter two. */
  async wait(ms: number, stopped: Promise<void>): Promise<void> {
    const timer = ms === Infinity ? undefined : systemClock.setTimeout(this.#over.resolve, ms);
    await Promise.race([this.#over.promise, stopped]);
    systemClock.clearTimeout(timer);
  }

  cutShort(): void {
    this.#over.resolve();
  }
}
