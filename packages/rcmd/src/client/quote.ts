/**
 * Writes a word so that a POSIX shell reads it as that word again, whatever it holds.
 *
 * @throws TypeError for NUL, which no argument of a program can hold. [execve(2)]
 * @see POSIX Shell Command Language 2.2.2
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('Cannot quote: a word must hold no NUL');
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as it could be typed into a shell; for people, so nothing in it does anything to a terminal. */
export function escapeCommand(argv: readonly string[]): string {
  return argv.map((word) => (/[\p{Cc}\p{Cf}]/u.test(word) ? quoteForPeople(word) : quote(word))).join(' ');
}

/** As bash, zsh, ksh and POSIX 2024 read it. */
function quoteForPeople(word: string): string {
  const escaped = word
    .replaceAll(/['\\]/g, String.raw`\$&`)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => escapes[character] ?? bytesOf(character));
  return `$'${escaped}'`;
}

const escapes: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

function bytesOf(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
