/**
 * Text that came from elsewhere, for a terminal: control characters, which could do anything to it, are written as escapes. So are the invisible
 * characters that turn the direction of writing.
 *
 * @see ECMA-48; Unicode Standard Annex 9
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/gu, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }[character];
    return known ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** A sentence as one line for a terminal: as {@link printable}, but a backslash, which may be that of an escape already, stays one. */
export function printableSentence(text: string): string {
  return text.replace(/[^\\]+/g, printable);
}

/** A list of arguments as a shell would take it, with nothing in it that a terminal obeys. */
export function printableCommand(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** JSON for a terminal or for another program: valid, and with nothing in it that a terminal obeys. [RFC 8259 7] */
export function printableJSON(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
