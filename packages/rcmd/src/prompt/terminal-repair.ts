/* oxlint-disable eslint/no-control-regex -- control characters are what it looks for */
import { isAscii } from 'node:buffer';

const escape = 0x1b;
const shiftOut = 0x0e;

/**
 * Ends a string that was left open; takes colours, line drawing, a hidden cursor, text that pushes other text aside and lines that do not wrap
 * back; and what makes the mouse, the focus, pasted text, the arrow keys and the keypad send other bytes. [ECMA-48 8.3.143, 8.3.117, 7.2.10; ISO
 * 2022; DEC VT510 DECTCEM, DECCKM, DECAWM, DECKPNM; xterm, ctlseqs]
 */
const repair =
  '\u001b\\\u001b[0m\u000f\u001b(B\u001b[4l\u001b>\u001b[?7;25h\u001b[?1000;1002;1003;1004;1006;2004;1l';

/** All lines scroll again; the cursor, which that moves to the top, is put back. [DEC VT510 DECSTBM, DECSC, DECRC] */
const wholeScreen = '\u001b7\u001b[r\u001b8';

/** Rows count from the top of the screen again. That too moves the cursor, which then goes below all that is drawn. [DEC VT510 DECOM] */
const absoluteRows = '\u001b[?6l\u001b[9999H\n';

/** What stands before a byte that belongs to a character of UTF-8. [RFC 3629 4] */
const lead = '[\u00c2-\u00df]|[\u00e0-\u00ef][\u0080-\u00bf]?|[\u00f0-\u00f4][\u0080-\u00bf]{0,2}';

/** A control character of C1 that is a byte of its own, or in UTF-8. */
const c1 = (codes: string): string => `(?:(?<!${lead})${codes}|\u00c2${codes})`;

const csi = `(?:\u001b\\[|${c1('\u009b')})`;

/** Something that {@link repair} may have to take back. */
const wild = new RegExp(`[\u001b\u000e]|${c1('[\u0080-\u009f]')}`);

/** Sets or resets modes, or the margins between which lines scroll. */
const settings = new RegExp(`${csi}(?:\\?([\\d;]*)([hl])|([\\d;]*)r)`, 'g');

/** A sequence that may become one of {@link settings}, or a character that is cut in two. */
const begun = new RegExp(`(?:\u001b|${csi}\\??[\\d;]{0,40}|${lead})$`);

/** The modes that are another screen than the one that scrolls. [xterm, ctlseqs] */
const alternates = new Set(['47', '1047', '1049']);
/** Rows count from the upper margin. */
const origin = '6';

/**
 * What it takes to make a terminal usable again after a command: bytes that are no text, or a program that was ended while it drew, may leave it
 * in any state. Watches what a command writes.
 */
export class TerminalRepair {
  #isNeeded = false;
  /** The mode that is the screen where it is. */
  #alternate: string | undefined;
  #hasMargins = false;
  #countsFromMargin = false;
  /** The end of what came before, in which a sequence may have begun. */
  #tail = '';

  /** A command writes that. */
  saw(bytes: Uint8Array): void {
    if (this.#tail === '' && isAscii(bytes) && !bytes.includes(escape) && !bytes.includes(shiftOut)) return;
    const all = this.#tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    this.#isNeeded ||= wild.test(all);
    for (const [, modes, final, margins] of all.matchAll(settings)) {
      if (modes === undefined) this.#hasMargins = /\d/.test(margins ?? '');
      else this.#sawModes(modes.split(';'), final === 'h');
    }
    this.#tail = begun.exec(all)?.[0] ?? '';
  }

  #sawModes(modes: readonly string[], isSet: boolean): void {
    const alternate = modes.find((mode) => alternates.has(mode));
    if (alternate !== undefined) this.#alternate = isSet ? alternate : undefined;
    if (modes.includes(origin)) this.#countsFromMargin = isSet;
  }

  /** What is to be written now that the command has ended; nothing where it has written text only. */
  take(): string {
    // Each of these would move the cursor, so they are written only where they are needed.
    const margins = this.#hasMargins ? wholeScreen : '';
    const rows = this.#countsFromMargin ? absoluteRows : '';
    const leave = this.#alternate === undefined ? '' : `\u001b[?${this.#alternate}l`;
    const text = this.#isNeeded ? repair + margins + rows + leave : '';
    this.#isNeeded = false;
    this.#alternate = undefined;
    this.#hasMargins = false;
    this.#countsFromMargin = false;
    this.#tail = '';
    return text;
  }
}
