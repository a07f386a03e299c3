import type { Readable } from 'node:stream';

/** The text that a stream brings, and who waits for a part of it: one at a time. */
export class OutputWatch {
  #text = '';
  #seen = 0;
  #hasEnded = false;
  #check: (() => void) | undefined;

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      this.#text += piece;
      this.#check?.();
    });
    stream.on('close', () => {
      this.#hasEnded = true;
      this.#check?.();
    });
  }

  /** All text so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits for the next match after the one before. @throws Error when the stream ends without one. */
  until(expected: RegExp | string): Promise<RegExpExecArray> {
    const pattern =
      typeof expected === 'string' ? new RegExp(expected.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')) : expected;
    return new Promise((resolve, reject) => {
      this.#check = () => {
        const match = pattern.exec(this.#text.slice(this.#seen));
        if (match === null && !this.#hasEnded) return;
        this.#check = undefined;
        if (match === null) {
          reject(new Error(`No ${pattern.source} in ${JSON.stringify(this.#text.slice(this.#seen))}`));
          return;
        }
        this.#seen += match.index + match[0].length;
        resolve(match);
      };
      this.#check();
    });
  }
}
