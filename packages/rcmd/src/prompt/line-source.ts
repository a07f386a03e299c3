/** What {@link LineSource.more} gives where the person gave the command up. */
export const givenUp = Symbol('given up');

/** Where the lines of a prompt come from. */
export interface LineSource extends Disposable {
  /** Whether a person types them. */
  readonly isTyped: boolean;
  /** The next line; `undefined` when there will be none. */
  next(): Promise<string | undefined>;
  /** The line after it, of a command that is not whole yet; `undefined` at the end of the input, which at a terminal ends only the command. */
  more(): Promise<string | typeof givenUp | undefined>;
  /** Remembers a whole command for the person. */
  remember(command: string): void;
  /** The lines so far. */
  readonly count: number;
  /** Tells the person something while a line is waited for. @returns whether there was one to tell. */
  announce(text: string): boolean;
  /** Asks the person something, `undefined` where there is nobody or no answer. */
  ask(question: string): Promise<string | undefined>;
}
