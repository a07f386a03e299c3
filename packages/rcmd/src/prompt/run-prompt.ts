import { printable, printableSentence } from '../audit/printable.ts';
import { CommandLexer } from './command-lexer.ts';
import { givenUp, type LineSource } from './line-source.ts';
import { editorIn } from './needs-terminal.ts';
import type { LineOutcome, PromptCommand, PromptRemote } from './prompt-remote.ts';
import { PromptScreen } from './prompt-screen.ts';
import { ourFailure } from '../terminal/exit-code.ts';

/** What a prompt works with. */
export interface PromptOptions {
  readonly lines: LineSource;
  /** Connects again. */
  readonly connect: () => Promise<PromptRemote>;
  /** One line for people about an error. */
  readonly reasonOf: (error: unknown) => string;
  /** What to end with when the connection was lost for good. */
  readonly lostCode: number;
}

/**
 * Runs lines, one after the other, until they end or the connection does for good.
 *
 * @param remote - is disposed of at the end.
 * @returns what the last one ended with.
 */
export function runPrompt(remote: PromptRemote, options: PromptOptions): Promise<number> {
  return new Prompt(remote, options).run();
}

class Prompt {
  readonly #options: PromptOptions;
  readonly #screen = new PromptScreen();
  #remote: PromptRemote;
  #loss: unknown;
  /** Whether the person was told of it while a line was waited for. */
  #isLossTold = false;
  #code = 0;

  constructor(remote: PromptRemote, options: PromptOptions) {
    this.#options = options;
    this.#remote = remote;
    this.#watch(remote);
  }

  async run(): Promise<number> {
    const { lines } = this.#options;
    try {
      if (lines.isTyped) for (const line of this.#remote.greeting) await this.#screen.note(line);
      for (;;) {
        const first = await lines.next();
        const line = first === undefined ? undefined : await this.#whole(first);
        if (line === undefined || !this.#screen.isOpen) return this.#code;
        if (this.#loss !== undefined && !(await this.#reconnect())) return this.#options.lostCode;
        if (line.trim() === '') continue;
        lines.remember(line);
        const [isExit, code] = /^\s*exit(?:\s+(\d{1,3}))?\s*$/.exec(line) ?? [];
        if (isExit !== undefined) return code === undefined ? this.#code : Number(code) & 0xff;
        await this.#runLine(line);
        if (this.#loss !== undefined && !(await this.#reconnect())) return this.#options.lostCode;
      }
    } finally {
      await this.#remote[Symbol.asyncDispose]();
    }
  }

  /** Reads on until the command is whole. @returns nothing to run where it never is. */
  async #whole(first: string): Promise<string> {
    const { lines } = this.#options;
    const begin = lines.count;
    const lexer = new CommandLexer();
    let command = first;
    let missing = this.#remote.takesLines ? lexer.add(first) : undefined;
    while (missing !== undefined) {
      const line = await lines.more();
      if (line === givenUp) return '';
      if (line === undefined) {
        const where = lines.isTyped ? '' : `line ${begin}: `;
        await this.#screen.note(
          `rcmd: ${where}Nothing was run: the input ended while looking for ${printable(missing)}`,
        );
        this.#code = ourFailure;
        return '';
      }
      command += `\n${line}`;
      missing = lexer.add(line);
    }
    return command;
  }

  async #runLine(line: string): Promise<void> {
    const editor = this.#options.lines.isTyped ? editorIn(line) : undefined;
    if (editor !== undefined) {
      await this.#screen.note(
        `rcmd: ${editor} needs a terminal, and commands have none here: Ctrl-C ends it`,
      );
    }
    this.#screen.begin();
    let outcome: LineOutcome | undefined;
    try {
      const command = this.#remote.run(line, (stream, bytes) => this.#screen.output(stream, bytes));
      outcome = await withInterrupts(command);
    } catch (error) {
      this.#loss ??= error;
    }
    await this.#screen.end();
    if (outcome === undefined) return;
    this.#code = outcome.exitCode ?? 0;
    if (outcome.note !== undefined) await this.#screen.note(`rcmd: ${printableSentence(outcome.note)}`);
    if (this.#code !== 0 && this.#options.lines.isTyped) await this.#screen.note(`[exit ${this.#code}]`);
  }

  /** @returns `false` where the connection is lost for good. */
  async #reconnect(): Promise<boolean> {
    const { lines, connect, reasonOf } = this.#options;
    for (;;) {
      if (!this.#isLossTold) await this.#screen.note(`rcmd: ${reasonOf(this.#loss)}`);
      this.#isLossTold = false;
      const answer = await lines.ask('Connect again? [Y/n] ');
      if (answer === undefined || !/^\s*(y|yes|)\s*$/i.test(answer)) return false;
      try {
        const remote = await connect();
        await this.#remote[Symbol.asyncDispose]();
        this.#loss = undefined;
        this.#remote = remote;
        this.#watch(remote);
        await this.#screen.note(
          'Connected. The working directory and the variables are as at the beginning.',
        );
        return true;
      } catch (error) {
        this.#loss = error;
      }
    }
  }

  #watch(remote: PromptRemote): void {
    const { lines, reasonOf } = this.#options;
    const lost = (error: Error): void => {
      if (remote !== this.#remote) return;
      this.#loss ??= error;
      this.#isLossTold = lines.announce(`rcmd: ${reasonOf(error)}`);
    };
    void remote.lost.then(lost);
  }
}

/** While a line runs, Ctrl-C is for it. */
async function withInterrupts(command: PromptCommand): Promise<LineOutcome> {
  let times = 0;
  const interrupt = () => command.interrupt((times += 1));
  process.on('SIGINT', interrupt);
  try {
    return await command.outcome;
  } finally {
    process.off('SIGINT', interrupt);
  }
}
