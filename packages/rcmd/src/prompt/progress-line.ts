import { formatDuration } from '../terminal/duration.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Milliseconds of silence before it appears, and between two of its pictures. */
const silenceMs = 2_000;
const frameMs = 100;

/** What erases the line that the cursor stands on. [ECMA-48 8.3.41] */
export const eraseLine = '\r\u001b[K';

/** Bytes for people: `0 B`, `12.3 KB`, `4.0 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < units.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/**
 * Shows that a silent command is still running. It calls `draw` with the text of the moment, for whoever owns the terminal to put there and to
 * erase.
 */
export class ProgressLine {
  readonly #draw: (text: string) => void;
  #startedAt = 0;
  #bytes = 0;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(draw: (text: string) => void) {
    this.#draw = draw;
  }

  /** A command has begun. */
  start(): void {
    this.#startedAt = performance.now();
    this.#bytes = 0;
    this.#wait();
  }

  /** It is not silent. */
  received(bytes: number): void {
    this.#bytes += bytes;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(), silenceMs);
  }

  #show(): void {
    const elapsed = formatDuration(performance.now() - this.#startedAt);
    this.#draw(`${frames[this.#frame++ % frames.length]} ${elapsed}, ${formatBytes(this.#bytes)}`);
    this.#timer = setTimeout(() => this.#show(), frameMs);
  }
}
