import { ServerClosedError } from '../errors/server-errors.ts';
import { formatFailure } from '../server/format-failure.ts';

/** The signal at which a server reloads, if there is one. */
export class ReloadSignal {
  readonly #signal: NodeJS.Signals | undefined;
  readonly #reload: () => Promise<void>;
  #isAwaited = false;

  constructor(signal: NodeJS.Signals | undefined, reload: () => Promise<void>) {
    this.#signal = signal;
    this.#reload = reload;
  }

  /** Reloads whenever it comes, from now on. Idempotent. */
  listen(): void {
    if (this.#signal === undefined || this.#isAwaited) return;
    this.#isAwaited = true;
    process.on(this.#signal, this.#received);
  }

  stop(): void {
    if (this.#isAwaited) process.off(this.#signal!, this.#received);
    this.#isAwaited = false;
  }

  readonly #received = (): void => {
    this.#reload().catch((error: unknown) => {
      if (error instanceof ServerClosedError) return;
      process.stderr.write(formatFailure(`${this.#signal}, which asked for a reload`, error));
    });
  };
}
