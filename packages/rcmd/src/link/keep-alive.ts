/** Options of {@link KeepAlive}. */
export interface KeepAliveOptions {
  /** Milliseconds of silence after which the peer is asked for a sign of life; `Infinity` for never. Default 15,000. */
  readonly intervalMs?: number | undefined;
  /** Intervals without an answer after which it is taken for gone. Default 3. */
  readonly attempts?: number | undefined;
}

/** What a {@link KeepAlive} does about silence. */
export interface KeepAliveActions {
  /** Asks for a sign of life. */
  probe(): void;
  /** The peer is gone: `ms` milliseconds of silence. */
  expired(ms: number): void;
}

/** Finds out that a peer is gone that says nothing about it. Every whole message that comes from it counts as life. */
export class KeepAlive {
  readonly #intervalMs: number;
  readonly #attempts: number;
  readonly #actions: KeepAliveActions;
  #timer: NodeJS.Timeout | undefined;
  #silentIntervals = 0;

  constructor({ intervalMs = 15_000, attempts = 3 }: KeepAliveOptions, actions: KeepAliveActions) {
    this.#intervalMs = intervalMs;
    this.#attempts = attempts;
    this.#actions = actions;
  }

  start(): void {
    if (this.#intervalMs === Infinity) return;
    this.#timer = setInterval(() => this.#tick(), this.#intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  heard(): void {
    this.#silentIntervals = 0;
  }

  #tick(): void {
    this.#silentIntervals += 1;
    if (this.#silentIntervals > this.#attempts) this.#actions.expired(this.#attempts * this.#intervalMs);
    else this.#actions.probe();
  }
}
