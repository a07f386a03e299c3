import { createInterface, type Interface } from 'node:readline';
import type { LineSource } from './line-source.ts';

/** The lines of standard input where no person types them. */
export class PipedLines implements LineSource {
  readonly isTyped = false;
  count = 0;
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(input: NodeJS.ReadableStream = process.stdin) {
    this.#interface = createInterface({ input, crlfDelay: Infinity });
    this.#lines = this.#interface[Symbol.asyncIterator]();
  }

  async next(): Promise<string | undefined> {
    const { value } = await this.#lines.next();
    if (value !== undefined) this.count += 1;
    return value;
  }

  more(): Promise<string | undefined> {
    return this.next();
  }

  remember(): void {}

  announce(): boolean {
    return false;
  }

  ask(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  [Symbol.dispose](): void {
    this.#interface.close();
  }
}
