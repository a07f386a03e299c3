import type { OutputPipe } from './output-pipe.ts';

/** How often those who wait for late output are looked at, once it has had its time. */
const lookMs = 50;

/** The most that a pipe holds. [pipe(7): /proc/sys/fs/pipe-max-size] */
const pipeBytes = 1_048_576;

/**
 * Cuts the output of a command off that goes on after its end, since a child of it holds the streams open.
 *
 * What the command itself wrote is in the pipes, and no more than they hold; it is all read, however slowly. So a
 * stream is cut only where its time is over and its reader waits for something that is not there, or where more has come than
 * the pipe can have held.
 */
export class LateOutput {
  hasCut = false;
  readonly #pipes: readonly OutputPipe[];
  /** Bytes that may have come from each at most. */
  readonly #limits: readonly number[];
  #timer: NodeJS.Timeout;
  #turn: NodeJS.Immediate | undefined;

  constructor(pipes: readonly OutputPipe[], graceMs: number) {
    this.#pipes = pipes;
    this.#limits = pipes.map(({ bytesRead }) => bytesRead + pipeBytes);
    this.#timer = setTimeout(() => this.#look(), graceMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
  }

  /**
   * After a turn in which the event loop was held up its timers come first, and what lies in the pipes only then: before anything
   * is cut, all that is there is read.
   */
  #look(): void {
    const bytesBefore = this.#pipes.map(({ bytesRead, isAwaited }) => (isAwaited ? bytesRead : undefined));
    this.#turn = setImmediate(() => this.#cut(bytesBefore));
  }

  /** @param bytesBefore - what had come from those that were waited for. */
  #cut(bytesBefore: readonly (number | undefined)[]): void {
    for (const [index, pipe] of this.#pipes.entries()) {
      const isEmpty = pipe.isAwaited && pipe.bytesRead === bytesBefore[index];
      const isFull = pipe.bytesRead > this.#limits[index]!;
      if (pipe.hasEnded || !(isEmpty || isFull)) continue;
      this.hasCut = true;
      pipe.stop();
    }
    this.#timer = setTimeout(() => this.#look(), lookMs);
  }
}
