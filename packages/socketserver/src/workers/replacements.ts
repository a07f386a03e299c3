import { RestartBackOff } from './restart-back-off.ts';

/** What is still to be started in the place of workers that crashed, and when. */
export class Replacements {
  readonly #backOff = new RestartBackOff();
  /** How often those crashed that are still to be replaced. */
  readonly #crashes: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Whether no worker may be started yet. */
  get areHeldBack(): boolean {
    return this.#timer !== undefined;
  }

  /**
   * A worker has crashed.
   *
   * @param wasAtWork - whether it served requests.
   * @returns milliseconds to wait before the next start.
   */
  crashed(wasAtWork: boolean): number {
    return this.#backOff.crashed(wasAtWork);
  }

  /** A request was served: the next crash is a first one again. */
  recovered(): void {
    this.#backOff.recovered();
  }

  /** A worker is to be replaced. @param crashes - how often its place has seen a crash now. */
  add(crashes: number): void {
    this.#crashes.push(crashes);
  }

  /** A worker is started. @returns the crashes of those that it is the replacement of; 0 where it replaces none. */
  take(): number {
    return this.#crashes.shift() ?? 0;
  }

  /** Lets no worker be started for so long, from now on. @param over - is called then. */
  holdBack(ms: number, over: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      over();
    }, ms);
  }

  /** Nothing is started any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
