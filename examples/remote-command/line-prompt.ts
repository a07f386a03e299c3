import { once } from 'node:events';
import { stdin, stdout } from 'node:process';
import { createInterface, type Interface } from 'node:readline';

/**
 * The non-empty lines of standard input, one at a time. Where a person types them they have a `>> ` prompt with
 * history and line editing, Ctrl-D ends them and Ctrl-C leaves; piped input has none of it.
 */
export class LinePrompt implements Disposable {
  readonly isTyped = stdin.isTTY;
  readonly #lines: Interface;
  readonly #left = new AbortController();
  #state: 'busy' | 'prompting' | 'closed' = 'busy';

  constructor() {
    const output = this.isTyped ? stdout : undefined;
    this.#lines = createInterface({ input: stdin, output, prompt: '>> ', historySize: 1_000 });
    this.#lines.on('SIGINT', () => this.leave());
    this.#lines.on('close', () => {
      if (this.#state === 'prompting') output?.write('\n');
      this.#state = 'closed';
    });
    stdout.on('error', () => this.leave()); // EPIPE: whoever reads what we print has read enough
  }

  /** Aborts when the person leaves without waiting for a line that is still being worked on. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Yields lines to work on; the prompt returns when the next one is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    this.#show();
    for await (const line of this.#lines) {
      if (this.#state === 'prompting') this.#state = 'busy';
      if (line.trim() !== '') yield line;
      this.#show();
    }
  }

  /** Prints text, as fast as it is read. */
  async print(text: string): Promise<void> {
    if (!stdout.write(text)) await once(stdout, 'drain', { signal: this.left });
  }

  /** Ends the lines and aborts {@link left}. */
  leave(): void {
    this.close();
    this.#left.abort();
  }

  /** Ends the lines, once those that have arrived are worked on. */
  close(): void {
    this.#lines.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #show(): void {
    if (this.#state === 'closed') return;
    this.#state = 'prompting';
    this.#lines.prompt();
  }
}
