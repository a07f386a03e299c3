import { createInterface, type Interface } from 'node:readline';
import { type History, historySize } from './history.ts';
import type { LineSource } from './line-source.ts';
import { eraseLine } from './progress-line.ts';

/** What stands before each line, as in the classic exercise. */
const prompt = '>> ';

/**
 * Lines that a person types, with line editing and history; on a dumb terminal with what that itself offers. Between two of them the terminal is as any program has it: Ctrl-C is a signal, and what is
 * typed ahead becomes the next line.
 */
export class TypedLines implements LineSource {
  readonly isTyped = true;
  readonly #editor: Interface;
  readonly #history: History;
  readonly #output: NodeJS.WriteStream;
  /** Lines that came at once, as when several are pasted. */
  readonly #ahead: string[] = [];
  #waiter: ((line: string | undefined) => void) | undefined;
  readonly #isDumb = process.env['TERM'] === 'dumb';
  #isClosed = false;
  #isQuestion = false;

  constructor(history: History) {
    this.#history = history;
    this.#output = process.stdout.isTTY ? process.stdout : process.stderr;
    this.#editor = createInterface({
      input: process.stdin,
      output: this.#output,
      terminal: !this.#isDumb,
      history: history.load(),
      historySize,
      removeHistoryDuplicates: true,
    });
    this.#editor.on('line', (line) => this.#got(line));
    // It has been added at the front. [Node: readline, 'history']
    this.#editor.on('history', (lines) => {
      if (this.#isQuestion || lines[0]?.startsWith(' ')) lines.shift();
    });
    this.#editor.on('SIGINT', () => this.#startOver());
    this.#editor.on('close', () => {
      this.#isClosed = true;
      this.#output.write('\n');
      this.#settle(undefined);
    });
    this.#rest();
  }

  async next(): Promise<string | undefined> {
    this.#editor.setPrompt(prompt);
    const line = await this.#read();
    if (line !== undefined && line.trim() !== '') this.#history.add(line);
    return line;
  }

  announce(text: string): boolean {
    if (this.#waiter === undefined) return false;
    this.#output.write(`${this.#isDumb ? '\n' : eraseLine}${text}\n`);
    this.#editor.prompt(true);
    return true;
  }

  async ask(question: string): Promise<string | undefined> {
    this.#editor.setPrompt(question);
    this.#isQuestion = true;
    try {
      return await this.#read();
    } finally {
      this.#isQuestion = false;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#editor.removeAllListeners('close');
    this.#editor.close();
  }

  #read(): Promise<string | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) return Promise.resolve(ahead);
    if (this.#isClosed) return Promise.resolve(undefined);
    if (!this.#isDumb) process.stdin.setRawMode(true);
    else process.on('SIGINT', this.#dumbInterrupt);
    this.#editor.resume();
    this.#editor.prompt();
    return new Promise((resolve) => (this.#waiter = resolve));
  }

  #got(line: string): void {
    if (this.#waiter === undefined) {
      this.#ahead.push(line);
      return;
    }
    this.#rest();
    this.#settle(line);
  }

  #settle(line: string | undefined): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(line);
  }

  /** Ctrl-C on a dumb terminal, which has thrown away what was typed. */
  readonly #dumbInterrupt = (): void => {
    this.#output.write('\n');
    this.#editor.prompt();
  };

  /** Ctrl-C at the prompt: what was typed is thrown away. */
  #startOver(): void {
    this.#output.write('^C\n');
    this.#editor.write(null, { ctrl: true, name: 'e' });
    this.#editor.write(null, { ctrl: true, name: 'u' });
    this.#editor.prompt();
  }

  #rest(): void {
    this.#editor.pause();
    process.off('SIGINT', this.#dumbInterrupt);
    if (!this.#isClosed && !this.#isDumb) process.stdin.setRawMode(false);
  }
}
