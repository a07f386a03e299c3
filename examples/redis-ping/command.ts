/**
 * Redis' protocol, version 2, as text with one character for one byte (latin1), so that values may hold any bytes:
 *
 *     command   *2\r\n $4\r\nECHO\r\n $5\r\nhello\r\n    an array of bulk strings, each with its length
 *               ECHO hello\r\n                         or words on a line, as people type them
 *     reply     $5\r\nhello\r\n                       `$-1\r\n` where there is no value
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

/** A command's words, none for an empty line, and the offset after it. */
export interface Command {
  readonly words: readonly string[];
  readonly end: number;
}

/** Reads the command that begins at `start`. */
export function readCommand(text: string, start: number): Command | 'incomplete' | 'malformed' {
  const lineEnd = text.indexOf('\n', start);
  if (lineEnd === -1) return 'incomplete';
  let end = lineEnd + 1;
  if (text[start] !== '*') return { words: text.slice(start, lineEnd).match(/\S+/g) ?? [], end };
  const count = Number(text.slice(start + 1, lineEnd));
  if (!Number.isInteger(count)) return 'malformed';
  const words: string[] = [];
  while (words.length < count) {
    const sizeEnd = text.indexOf('\n', end);
    if (sizeEnd === -1) return 'incomplete';
    const size = Number(text.slice(end + 1, sizeEnd));
    if (text[end] !== '$' || !Number.isInteger(size) || size < 0) return 'malformed';
    words.push(text.slice(sizeEnd + 1, sizeEnd + 1 + size));
    end = sizeEnd + 1 + size + '\r\n'.length;
    if (end > text.length) return 'incomplete';
  }
  return { words, end };
}

/** Writes a bulk string. */
export function bulk(text: string | undefined): string {
  return text === undefined ? '$-1\r\n' : `$${text.length}\r\n${text}\r\n`;
}
