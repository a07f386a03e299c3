import type { OutputName } from '../protocol/stream-id.ts';
import { isColourful } from '../terminal/is-colourful.ts';
import { RawOutput } from '../terminal/raw-output.ts';
import { eraseLine, ProgressLine } from './progress-line.ts';
import { TerminalRepair } from './terminal-repair.ts';

const red = '\u001b[31m';
const dim = '\u001b[2m';
const plain = '\u001b[0m';
const newline = 10;

/** What a person sees of the commands: their output as it comes, errors in red, and while there is none, that they run. */
export class PromptScreen {
  readonly #outputs: Readonly<Record<OutputName, RawOutput>>;
  readonly #progress: ProgressLine;
  readonly #isColourful = isColourful(process.stderr);
  readonly #repair = new TerminalRepair();
  /** A dumb terminal obeys nothing, so that what is drawn there stays. */
  readonly #isDumb = process.env['TERM'] === 'dumb';
  #isRed = false;
  #isAtLineStart = true;
  #hasProgress = false;
  #writing: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor() {
    this.#outputs = { stdout: new RawOutput(process.stdout), stderr: new RawOutput(process.stderr) };
    this.#progress = new ProgressLine((text) => this.#drawProgress(text));
  }

  /** Where a line of a command may have been left open. */
  get #terminal(): RawOutput {
    return this.#outputs.stdout.isTerminal ? this.#outputs.stdout : this.#outputs.stderr;
  }

  /** Whether anybody still reads the output of commands. */
  get isOpen(): boolean {
    return this.#outputs.stdout.isOpen;
  }

  /** A command begins. */
  begin(): void {
    if (this.#outputs.stderr.isTerminal && !this.#isDumb) this.#progress.start();
  }

  /** Shows output. @returns whether anybody still reads it. */
  async output(stream: OutputName, bytes: Uint8Array): Promise<boolean> {
    if (this.#outputs.stderr.isTerminal && !this.#isDumb) this.#progress.received(bytes.length);
    await this.#queue(async () => {
      await this.#eraseProgress();
      if (this.#isColourful) await this.#paint(stream === 'stderr');
      await this.#outputs[stream].write(bytes);
      if (!this.#outputs[stream].isTerminal) return;
      this.#isAtLineStart = bytes.at(-1) === newline;
      this.#repair.saw(bytes);
    });
    return this.#outputs[stream].isOpen;
  }

  /** The command has ended: the terminal is as before it, at the beginning of a line. */
  async end(): Promise<void> {
    this.#progress.stop();
    await this.#queue(async () => {
      await this.#eraseProgress();
      if (this.#isColourful) await this.#paint(false);
      const repair = this.#repair.take();
      if (repair !== '' && !this.#isDumb) await this.#terminal.write(repair);
      if (!this.#isAtLineStart) await this.#terminal.write('\n');
      this.#isAtLineStart = true;
    });
  }

  /** Shows a line of our own, beside what commands write. */
  async note(text: string): Promise<void> {
    const line = this.#isColourful ? `${dim}${text}${plain}\n` : `${text}\n`;
    await this.#queue(() => this.#outputs.stderr.write(line));
  }

  /** Colours change only where the stream does: within one, a character may be cut in two. */
  async #paint(isRed: boolean): Promise<void> {
    if (this.#isRed === isRed) return;
    this.#isRed = isRed;
    await this.#outputs.stderr.write(isRed ? red : plain);
  }

  /** In the middle of a line there is no place for it that could be erased again. */
  #drawProgress(text: string): void {
    if (this.#waiting > 0 || !this.#isAtLineStart) return;
    void this.#queue(async () => {
      this.#hasProgress = true;
      await this.#outputs.stderr.write(`${eraseLine}${this.#isColourful ? `${dim}${text}${plain}` : text}`);
    });
  }

  async #eraseProgress(): Promise<void> {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    await this.#outputs.stderr.write(eraseLine);
  }

  #queue(write: () => Promise<unknown>): Promise<unknown> {
    this.#waiting += 1;
    this.#writing = this.#writing.then(write).finally(() => (this.#waiting -= 1));
    return this.#writing;
  }
}
