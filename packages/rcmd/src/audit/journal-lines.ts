import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that are read at once. */
const chunkBytes = 262_144;

/** Bytes that a line may have; no record is as long. What is longer is none, and is not kept. */
const maxLineBytes = 1_048_576;

const newline = 10;

/** A line of a file. */
export interface FileLine {
  /** Without its newline; `undefined` for one that is longer than any record. */
  readonly text: string | undefined;
  /** The byte after it. */
  readonly end: number;
  /** Whether its newline is there: not, while it is being written. */
  readonly isWhole: boolean;
}

/** The lines of a file of any length, from a byte on. */
export function* journalLines(file: string, from = 0): Generator<FileLine, void, void> {
  const fd = openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const line = new LineBytes();
    let at = from;
    for (let bytes = readAt(fd, chunk, at); bytes.length > 0; bytes = readAt(fd, chunk, at)) {
      let begin = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, begin)) {
        line.add(bytes.subarray(begin, end));
        begin = end + 1;
        yield { text: line.take(), end: at + begin, isWhole: true };
      }
      line.add(bytes.subarray(begin));
      at += bytes.length;
    }
    if (line.length > 0) yield { text: line.take(), end: at, isWhole: false };
  } finally {
    closeSync(fd);
  }
}

/** The last whole line of a file, and the byte after it; an empty one at 0 where there is none. */
export function lastLineOf(file: string): { readonly text: string; readonly end: number } {
  const fd = openSync(file, 'r');
  try {
    const from = Math.max(0, fstatSync(fd).size - maxLineBytes);
    const bytes = readAt(fd, Buffer.allocUnsafe(maxLineBytes), from);
    const end = bytes.lastIndexOf(newline);
    if (end === -1) return { text: '', end: from };
    const begin = end === 0 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1;
    return { text: bytes.toString('utf8', begin, end), end: from + end + 1 };
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a line, as they come. */
class LineBytes {
  #pieces: Buffer[] = [];
  length = 0;

  add(bytes: Buffer): void {
    this.length += bytes.length;
    if (this.length <= maxLineBytes) this.#pieces.push(Buffer.from(bytes));
  }

  take(): string | undefined {
    const text = this.length <= maxLineBytes ? Buffer.concat(this.#pieces).toString() : undefined;
    this.#pieces = [];
    this.length = 0;
    return text;
  }
}

function readAt(fd: number, memory: Buffer, position: number): Buffer {
  return memory.subarray(0, readSync(fd, memory, 0, memory.length, position));
}
