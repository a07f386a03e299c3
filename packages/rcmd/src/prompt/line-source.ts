/** Where the lines of a prompt come from. */
export interface LineSource extends Disposable {
  /** Whether a person types them. */
  readonly isTyped: boolean;
  /** The next line; `undefined` when there will be none. */
  next(): Promise<string | undefined>;
  /** Tells the person something while a line is waited for. @returns whether there was one to tell. */
  announce(text: string): boolean;
  /** Asks the person something, `undefined` where there is nobody or no answer. */
  ask(question: string): Promise<string | undefined>;
}
