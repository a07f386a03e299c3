import { inspect } from 'node:util';
import type { ServerEvent } from '../server-events.ts';

/** Warnings within a time, so that a listener that always fails does not fill a log. */
const mostWarnings = 10;
const withinMs = 60_000;

/** Warns of a listener that fails at what it is told: it is told as often as clients come. */
export class EventWarnings {
  readonly #now: () => number;
  #since = -Infinity;
  #count = 0;
  #omitted = 0;

  /** @param now - milliseconds of a clock that does not go back. */
  constructor(now = (): number => performance.now()) {
    this.#now = now;
  }

  /** Warns, unless it did often enough; what was left out is told with the next one. */
  warn({ type }: ServerEvent, error: unknown): void {
    const now = this.#now();
    if (now - this.#since >= withinMs) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > mostWarnings) {
      this.#omitted += 1;
      return;
    }
    const more = this.#omitted === 0 ? '' : `, and ${this.#omitted} more times since the last warning`;
    this.#omitted = 0;
    emit(`onEvent failed at ${type}${more}`, error);
  }
}

function emit(what: string, error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(inspect(error));
  process.emitWarning(`${what}: ${message}`, {
    type: 'RcmdWarning',
    code: 'RCMD_ON_EVENT',
    ...(stack !== undefined && { detail: stack }),
  });
}
