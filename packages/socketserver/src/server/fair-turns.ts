import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long requests may follow one another before the event loop gets its turn. */
const turnMs = 5;

/** Requests between two looks at the clock. */
const requestsPerLook = 16;

/**
 * Gives everything else in the thread its turn while requests keep coming. Handlers that never wait for anything run in
 * microtasks, which would otherwise hold timers, signals and other connections up for as long as a flood lasts.
 */
export class FairTurns {
  #began = 0;
  #requests = 0;

  /** The event loop has had its turn. */
  begin(): void {
    this.#requests = 0;
  }

  /** Call it after each request. */
  leave(): Promise<void> | undefined {
    this.#requests += 1;
    if (this.#requests % requestsPerLook !== 0) return undefined;
    const now = performance.now();
    // Reading the clock costs as much as a tenth of a datagram, so a turn is timed from the first look on.
    if (this.#requests === requestsPerLook) this.#began = now;
    return now - this.#began < turnMs ? undefined : this.#yield();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.begin();
  }
}
