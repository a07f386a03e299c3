/** For how long a sign of life shows that an event loop is not held up. */
const freshMs = 0.5;

/** Tells by the signs of life that a thread counts whether its event loop moves. */
export class SignsOfLife {
  #count = 0;
  #lookedAt = -Infinity;
  #movedAt = -Infinity;

  /**
   * Looks at the count.
   *
   * @returns whether the thread is known to have moved just now: one of two looks that followed soon on each other found a
   *   sign that the one before had not. `false` says nothing.
   */
  look(count: number, now: number): boolean {
    if (count !== this.#count && now - this.#lookedAt < freshMs) this.#movedAt = now;
    this.#count = count;
    this.#lookedAt = now;
    return now - this.#movedAt < freshMs;
  }
}
