import type { Clock } from '../engine/clock.ts';

/** A sleeper and who wakes it: one waits at a time, and a wake-up while nobody waits is not kept. */
export class WakeUp {
  readonly #clock: Clock;
  #resolve: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the next {@link wake}, or after `ms` milliseconds; without `ms` a sleeper uses no timer at all. */
  wait({ ms }: { readonly ms: number | undefined }): Promise<void> {
    // The optimizing compiler takes this apart, and withResolvers() not.
    const woken = new Promise<void>((resolve) => (this.#resolve = resolve));
    if (ms === undefined) return woken;
    const timer = this.#clock.setTimeout(this.wake, ms);
    return woken.then(() => this.#clock.clearTimeout(timer));
  }

  /** A field, so that it can be passed on by itself. */
  readonly wake = (): void => this.#resolve?.();
}
