import { killMarked } from './marked-processes.ts';

/** One look through all processes serves every command that ended meanwhile. */
const sweepMs = 1_000;

/**
 * Kills the descendants of ended commands that left their process group. A look through `/proc` costs milliseconds, so it is
 * made once for many commands, and not for each.
 */
export class DescendantSweep {
  #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** A command has ended: whatever is left of it within a second or two is killed. */
  add(commandId: string): void {
    this.#pending.add(commandId);
    this.#timer ??= setTimeout(() => this.#sweep(), sweepMs).unref();
  }

  /** Sweeps now. */
  close(): void {
    clearTimeout(this.#timer);
    this.#sweep();
  }

  #sweep(): void {
    this.#timer = undefined;
    const pending = this.#pending;
    this.#pending = new Set();
    killMarked(pending, 'SIGKILL');
  }
}
