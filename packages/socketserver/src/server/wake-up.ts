/** A sleeper and who wakes it: one waits at a time, and a wake-up while nobody waits is not kept. */
export class WakeUp {
  #resolve: (() => void) | undefined;

  /** Resolves at the next {@link wake}, or after `ms` milliseconds; without `ms` a sleeper uses no timer at all. */
  wait({ ms }: { readonly ms: number | undefined }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    if (ms === undefined) return promise;
    const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    return promise.then(() => clearTimeout(timer));
  }

  /** A field, so that it can be passed on by itself. */
  readonly wake = (): void => this.#resolve?.();
}
