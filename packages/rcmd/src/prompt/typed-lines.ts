import { createInterface, type Interface } from 'node:readline';
import { EditorScreen, newlineInEditor } from './editor-screen.ts';
import { type History, historySize } from './history.ts';
import { givenUp, type LineSource } from './line-source.ts';
import { eraseLine } from './progress-line.ts';

/** What stands before each line, as in the classic exercise. */
const prompt = '>> ';
/** What stands before each further line of a command. */
const continuation = '.. ';

/**
 * Lines that a person types, with line editing and history; on a dumb terminal with what that itself offers. Between two of them the terminal is as any program has it: Ctrl-C is a signal, and what is
 * typed ahead becomes the next line.
 */
export class TypedLines implements LineSource {
  readonly isTyped = true;
  #editor: Interface;
  readonly #history: History;
  readonly #output: NodeJS.WriteStream;
  readonly #screen: EditorScreen;
  /** Lines that came at once, as when several are pasted. */
  readonly #ahead: string[] = [];
  #waiter: ((line: string | typeof givenUp | undefined) => void) | undefined;
  /** What can be recalled, the newest first, and the editor's own list of it, which is made the same after each line. */
  readonly #remembered: string[];
  #recalled: string[] = [];
  count = 0;
  readonly #isDumb = process.env['TERM'] === 'dumb';
  #isClosed = false;
  #isContinued = false;

  constructor(history: History) {
    this.#history = history;
    this.#output = process.stdout.isTTY ? process.stdout : process.stderr;
    this.#screen = new EditorScreen(this.#output, () => this.#resized());
    this.#remembered = history.load().map((command) => command.replaceAll('\n', newlineInEditor));
    this.#editor = this.#openEditor();
    this.#rest();
  }

  async next(): Promise<string | undefined> {
    this.#editor.setPrompt(prompt);
    const line = await this.#read();
    return line === givenUp ? '' : line;
  }

  async more(): Promise<string | typeof givenUp | undefined> {
    this.#editor.setPrompt(continuation);
    this.#isContinued = true;
    try {
      const line = await this.#read();
      if (this.#isClosed && line === undefined && !process.stdin.readableEnded) {
        this.#isClosed = false;
        this.#editor = this.#openEditor();
        this.#rest();
      }
      return line;
    } finally {
      this.#isContinued = false;
    }
  }

  remember(command: string): void {
    if (command.startsWith(' ')) return;
    this.#history.add(command);
    const line = command.replaceAll('\n', newlineInEditor);
    const before = this.#remembered.indexOf(line);
    if (before !== -1) this.#remembered.splice(before, 1);
    this.#remembered.unshift(line);
    this.#remembered.length = Math.min(this.#remembered.length, historySize);
    this.#recall(this.#recalled);
  }

  announce(text: string): boolean {
    if (this.#waiter === undefined) return false;
    this.#output.write(`${this.#isDumb ? '\n' : eraseLine}${text}\n`);
    this.#editor.prompt(true);
    return true;
  }

  async ask(question: string): Promise<string | undefined> {
    this.#editor.setPrompt(question);
    const answer = await this.#read();
    return answer === givenUp ? undefined : answer;
  }

  [Symbol.dispose](): void {
    this.#screen[Symbol.dispose]();
    if (this.#isClosed) return;
    this.#editor.removeAllListeners('close');
    this.#editor.close();
  }

  #openEditor(): Interface {
    const editor = createInterface({
      input: process.stdin,
      output: this.#screen,
      terminal: !this.#isDumb,
      history: [...this.#remembered],
      historySize,
    });
    editor.on('line', (line) => this.#got(line.replaceAll(newlineInEditor, '\n')));
    // Its own list, to which it has added the line. [Node: readline, 'history']
    editor.on('history', (lines) => this.#recall(lines));
    editor.on('SIGINT', () => this.#startOver());
    editor.on('close', () => {
      this.#isClosed = true;
      this.#output.write('\n');
      this.#settle(undefined);
    });
    return editor;
  }

  #recall(lines: string[]): void {
    this.#recalled = lines;
    lines.splice(0, lines.length, ...this.#remembered);
  }

  #read(): Promise<string | typeof givenUp | undefined> {
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

  #settle(line: string | typeof givenUp | undefined): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(line);
  }

  /** Ctrl-C on a dumb terminal, which has thrown away what was typed. */
  readonly #dumbInterrupt = (): void => {
    this.#output.write('\n');
    if (this.#isContinued) this.#giveUp();
    else this.#editor.prompt();
  };

  /** Ctrl-C at the prompt: what was typed is thrown away, and stays to be read. */
  #startOver(): void {
    const { line } = this.#editor;
    this.#editor.write(null, { ctrl: true, name: 'e' });
    this.#editor.write(null, { ctrl: true, name: 'u' });
    this.#screen.write(`${line}^C\n`);
    if (this.#isContinued) this.#giveUp();
    else this.#editor.prompt();
  }

  #giveUp(): void {
    this.#rest();
    this.#settle(givenUp);
  }

  /**
   * The window has another width, and the terminal has parted the line anew: the editor draws from its first row on, which is as far above the
   * cursor as it is in the new width, and not as it was drawn last.
   */
  #resized(): void {
    const editor: Interface & { prevRows?: number } = this.#editor;
    if (this.#waiter !== undefined) editor.prevRows = editor.getCursorPos().rows;
  }

  #rest(): void {
    this.#editor.pause();
    process.off('SIGINT', this.#dumbInterrupt);
    if (!this.#isClosed && !this.#isDumb) process.stdin.setRawMode(false);
  }
}
