import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long requests may follow one another before the event loop gets its turn. */
const turnMs = 5;

/**
 * Gives everything else in the thread its turn while requests keep coming. Handlers that never wait for anything run in
 * microtasks, which would otherwise hold timers, signals and other connections up for as long as a flood lasts.
 */
export class FairTurns {
  #began = performance.now();
  #requests = 0;

  /** Call it after each request. */
  leave(): Promise<void> | undefined {
    this.#requests += 1;
    if (this.#requests % 16 !== 0 || performance.now() - this.#began < turnMs) return undefined;
    return this.#yield();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }
}
