import { ServerClosedError } from '../errors/server-errors.ts';
import type { WorkerRoster } from './worker-roster.ts';

/** What {@link Reloads} work with. */
export interface ReloadsParts {
  readonly roster: WorkerRoster;
  /** Workers that may start at once. */
  readonly cores: number;
  /** Whether there have ever been workers to replace. */
  readonly isRunning: () => boolean;
  readonly isClosed: () => boolean;
}

/** Replaces the workers of a pool by fresh ones, as often as it is asked: one time after the other. */
export class Reloads {
  readonly #parts: ReloadsParts;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: ReloadsParts) {
    this.#parts = parts;
  }

  /**
   * Starts as many fresh workers as there are, which load the handler's module anew, and lets the old ones go when
   * their requests have ended. When the module cannot be loaded the old ones stay.
   *
   * @param drainMs - when to end requests that are left; they are told at once, unless it is `Infinity`.
   * @throws HandlerModuleError, or what else ended a fresh worker; ServerClosedError.
   */
  async reload(drainMs: number): Promise<void> {
    const earlier = this.#last;
    this.#last = earlier.catch(() => undefined).then(() => this.#replaceAll(drainMs));
    try {
      await this.#last;
    } catch (error) {
      throw this.#parts.isClosed() ? new ServerClosedError('reload') : error;
    }
  }

  async #replaceAll(drainMs: number): Promise<void> {
    const { roster, cores, isRunning, isClosed } = this.#parts;
    if (isClosed()) throw new ServerClosedError('reload');
    if (!isRunning()) return;
    const old = [...roster.workers];
    const count = roster.alive.length;
    await roster.start({ isTrial: true }).started; // one alone finds out whether it can be done
    for (let fresh = 1; fresh < count; fresh += cores) {
      const together = Math.min(cores, count - fresh); // more would only hold each other up
      await Promise.all(Array.from({ length: together }, () => roster.start({ isTrial: true }).started));
    }
    for (const pooled of old) roster.retire(pooled, drainMs);
  }
}
