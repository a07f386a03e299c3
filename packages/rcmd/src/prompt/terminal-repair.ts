/* oxlint-disable eslint/no-control-regex -- control characters are what it looks for */
const escape = 0x1b;
const shiftOut = 0x0e;

/** The first byte of U+0080 to U+00BF in UTF-8: the control characters of C1 are among them. */
const c1Lead = 0xc2;

/**
 * Ends a string that was left open; takes colours, line drawing and a hidden cursor back; and what makes the mouse, pasted text and the arrow keys
 * send other bytes. [ECMA-48 8.3.143, 8.3.117; ISO 2022; DEC VT510 DECTCEM, DECCKM; xterm, ctlseqs]
 */
const repair = '\u001b\\\u001b[0m\u000f\u001b(B\u001b[?25h\u001b[?1000;1002;1003;1006;2004;1l';

/** Sets or resets modes, in either way to write CSI. */
const modes = /(?:\u001b\[|\u00c2\u009b)\?([\d;]*)([hl])/g;

/** A sequence that may become one of {@link modes}. */
const begun = /(?:\u001b(?:\[(?:\?[\d;]{0,40})?)?|\u00c2(?:\u009b(?:\?[\d;]{0,40})?)?)$/;

/** The modes that are another screen than the one that scrolls. [xterm, ctlseqs] */
const alternates = new Set(['47', '1047', '1049']);

/**
 * What it takes to make a terminal usable again after a command: bytes that are no text, or a program that was ended while it drew, may leave it
 * in any state. Watches what a command writes.
 */
export class TerminalRepair {
  #isNeeded = false;
  /** The mode that is the screen where it is. */
  #alternate: string | undefined;
  /** The end of what came before, in which a sequence may have begun. */
  #tail = '';

  /** A command writes that. */
  saw(bytes: Uint8Array): void {
    const isPlain = !bytes.includes(escape) && !bytes.includes(shiftOut) && !bytes.includes(c1Lead);
    if (isPlain && this.#tail === '') return;
    const all = this.#tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    this.#isNeeded ||= /[\u001b\u000e]|\u00c2[\u0080-\u009f]/.test(all);
    for (const [, numbers = '', final] of all.matchAll(modes)) {
      const alternate = numbers.split(';').find((number) => alternates.has(number));
      if (alternate !== undefined) this.#alternate = final === 'h' ? alternate : undefined;
    }
    this.#tail = begun.exec(all)?.[0] ?? '';
  }

  /** What is to be written now that the command has ended; nothing where it has written text only. */
  take(): string {
    // Elsewhere it would move the cursor, so it goes back only where the other screen was asked for.
    const leave = this.#alternate === undefined ? '' : `\u001b[?${this.#alternate}l`;
    const text = this.#isNeeded ? repair + leave : '';
    this.#isNeeded = false;
    this.#alternate = undefined;
    this.#tail = '';
    return text;
  }
}
