import type { Readable } from 'node:stream';

/** Characters in which a match is looked for: a long output is not searched again with each of its pieces. */
const searchedCharacters = 65_536;

/** The text that a stream brings, and who waits for a part of it. One may wait at a time. */
export class TextWatch {
  #pieces: string[] = [];
  #unseen = '';
  #hasEnded = false;
  #check: (() => void) | undefined;

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (piece: string) => {
      this.#pieces.push(piece);
      this.#unseen = (this.#unseen + piece).slice(-searchedCharacters);
      this.#check?.();
    });
    stream.on('close', () => {
      this.#hasEnded = true;
      this.#check?.();
    });
  }

  /** All text so far. */
  get text(): string {
    return this.#pieces.join('');
  }

  /** Waits for the next match after the one before. @throws Error when the stream ends without one. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#check = () => {
        const match = pattern.exec(this.#unseen);
        if (match === null && !this.#hasEnded) return;
        this.#check = undefined;
        if (match === null) reject(new Error(`No ${pattern.source} in ${JSON.stringify(this.text)}`));
        else {
          this.#unseen = this.#unseen.slice(match.index + match[0].length);
          resolve(match);
        }
      };
      this.#check();
    });
  }
}
