import { Writable } from 'node:stream';

/**
 * Stands for a newline in the line that is edited, since the editor has one line only: half of a character, which no terminal can send, so that it
 * is none that a person has typed or pasted.
 */
export const newlineInEditor = '\ud80a';

/** What a person sees of {@link newlineInEditor}. */
const shownNewline = '␊';

/** What a line editor draws on: a terminal that shows `␊` for each newline of a command of several lines. */
export class EditorScreen extends Writable {
  readonly #terminal: NodeJS.WriteStream;
  readonly #resize: () => void;

  /** @param resized - called when the window has another size, before the editor draws anew. */
  constructor(terminal: NodeJS.WriteStream, resized: () => void) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    this.#resize = () => {
      resized();
      this.emit('resize');
    };
    terminal.on('resize', this.#resize);
  }

  /** Read by the editor, as of a terminal. [Node: readline] */
  get columns(): number {
    return this.#terminal.columns;
  }

  override _write(text: string | Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.#terminal.write(typeof text === 'string' ? text.replaceAll(newlineInEditor, shownNewline) : text);
    done();
  }

  [Symbol.dispose](): void {
    this.#terminal.off('resize', this.#resize);
  }
}
