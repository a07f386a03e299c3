const escape = 0x1b;
const shiftOut = 0x0e;

/** Ends a string that was left open, and takes colours, line drawing and a hidden cursor back. [ECMA-48 8.3.143, 8.3.117; ISO 2022; DEC VT510 DECTCEM] */
const repair = '\u001b\\\u001b[0m\u000f\u001b(B\u001b[?25h';

/** Goes back to the screen that scrolls. Elsewhere it would move the cursor, so only where the other one was asked for. [xterm, ctlseqs] */
const leaveAlternate = '\u001b[?1049l';

const enterAlternate = Buffer.from('\u001b[?1049h');

/**
 * What it takes to make a terminal usable again after a command: bytes that are no text, or a program that was ended while it drew, may leave it
 * in any state. Watches what a command writes.
 */
export class TerminalRepair {
  #isNeeded = false;
  #isAlternate = false;
  /** The end of what came before, in which a sequence may have begun. */
  #tail = Buffer.alloc(0);

  /** A command writes that. */
  saw(bytes: Uint8Array): void {
    const isPlain = !bytes.includes(escape) && !bytes.includes(shiftOut);
    if (isPlain && this.#tail.length === 0) return;
    this.#isNeeded ||= !isPlain;
    const all = Buffer.concat([this.#tail, bytes]);
    const entered = all.lastIndexOf(enterAlternate);
    const left = all.lastIndexOf(leaveAlternate);
    if (entered !== left) this.#isAlternate = entered > left;
    const begun = all.lastIndexOf(escape);
    this.#tail =
      begun > all.length - enterAlternate.length ? Buffer.from(all.subarray(begun)) : Buffer.alloc(0);
  }

  /** What is to be written now that the command has ended; nothing where it has written text only. */
  take(): string {
    const text = this.#isNeeded ? `${repair}${this.#isAlternate ? leaveAlternate : ''}` : '';
    this.#isNeeded = false;
    this.#isAlternate = false;
    this.#tail = Buffer.alloc(0);
    return text;
  }
}
