/** Those who want to know when a connection comes to its end, also while nobody reads it. */
export class EndWatch {
  #controller: AbortController | undefined;
  #waiters: Set<() => void> | undefined;
  #reason: Error | undefined;

  /** Why the handler was told to end, or the connection is over. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Whether anybody has asked. */
  get isAskedFor(): boolean {
    return this.#controller !== undefined || this.#waiters !== undefined;
  }

  /** Whether somebody waits for the peer's end. */
  get hasWaiters(): boolean {
    return this.#waiters !== undefined && this.#waiters.size > 0;
  }

  /** Aborts with the first reason of {@link abort}. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }

  /** Resolves at {@link ended}. @throws the signal's reason. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiters = (this.#waiters ??= new Set());
    const aborted = (): void => {
      waiters.delete(ended);
      reject(signal!.reason as Error);
    };
    const ended = (): void => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    };
    waiters.add(ended);
    signal?.addEventListener('abort', aborted);
    return promise;
  }

  /** The peer sends no more. */
  ended(): void {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    for (const resolve of waiters) resolve();
    waiters.clear();
  }
}
