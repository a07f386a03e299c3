/** A sleeper and who wakes it: one waits at a time, and a wake-up while nobody waits is not kept. */
export class WakeUp {
  #resolve: (() => void) | undefined;

  /** Resolves at the next {@link wake}, or after `ms` milliseconds; without `ms` a sleeper uses no timer at all. */
  async wait({ ms }: { readonly ms: number | undefined }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#resolve = resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    await promise;
    clearTimeout(timer);
    this.#resolve = undefined;
  }

  wake(): void {
    this.#resolve?.();
  }
}
