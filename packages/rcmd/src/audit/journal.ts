import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { requirePrivateFolder } from '../paths/rcmd-paths.ts';
import type { AuditRecord } from './audit-record.ts';
import { journalLines, lastLineOf } from './journal-lines.ts';

/** A record as it stands in a file. */
export interface JournalLine extends AuditRecord {
  /** The place of the line in its file, from 1 on. */
  readonly seq: number;
  /** The hash of the line before; in the first line of a file that of the last line of the newest file before it, so that no file can vanish unseen. */
  readonly previous: string;
  /** SHA-256 of the rest of this line. */
  readonly hash: string;
}

/** What is wrong with a file of the audit. */
export interface JournalProblem {
  readonly file: string;
  readonly line: number;
  readonly problem: string;
}

/** What stands before the first line ever. */
const beginning = '0'.repeat(64);

/**
 * The audit of one process or thread: a file of its own, to which lines are only ever added. Each holds the hash of the one before, so that
 * nobody can change or remove one and leave no trace.
 */
export class AuditJournal {
  readonly path: string;
  readonly #fd: number;
  #previous: string;
  #seq = 0;

  /**
   * @param folder - made, for its user only; one that is there must be so.
   * @throws RcmdError `UNSAFE_PATH` for a folder that others may enter; the system's error where nothing can be written there.
   */
  constructor(folder: string) {
    requirePrivateFolder(folder);
    this.#previous = lastHashIn(folder);
    const time = new Date().toISOString().replace(/[-:]/g, '').slice(0, 15);
    this.path = join(folder, `${time}-${process.pid}-${crypto.randomUUID().slice(0, 8)}.jsonl`);
    this.#fd = openSync(this.path, 'ax', 0o600);
  }

  /**
   * Adds a record, before it returns.
   *
   * @param isDurable - waits until it is on the disk, too.
   * @throws the system's error (`ENOSPC`): nothing was added then.
   */
  write(
    record: Omit<AuditRecord, 'time'>,
    { isDurable = false }: { readonly isDurable?: boolean } = {},
  ): void {
    const body = { seq: this.#seq + 1, time: new Date().toISOString(), ...record, previous: this.#previous };
    const hash = hashOf(body);
    const line = Buffer.from(`${JSON.stringify({ ...body, hash })}\n`);
    const written = writeSync(this.#fd, line);
    if (written !== line.length) {
      ftruncateSync(this.#fd, fstatSync(this.#fd).size - written); // or the next record would be part of this line
      throw new Error(`Only ${written} of ${line.length} bytes of an audit record were written`);
    }
    if (isDurable) fdatasyncSync(this.#fd);
    this.#seq += 1;
    this.#previous = hash;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The files of an audit, the oldest first. */
export function journalFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    return names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Checks the chains of all files: that no line was changed, removed or put in, and that no file is gone that another one began after.
 *
 * @returns the first problem of each file; none where all is well.
 */
export function verifyJournals(folder: string): JournalProblem[] {
  const files = journalFiles(folder).map((file) => ({ file, previous: firstPreviousIn(file) }));
  const wanted = new Set(files.map(({ previous }) => previous));
  const found = new Set<string | undefined>([undefined, beginning]);
  const checked = files.map(({ file, previous }) => {
    const note = (hash: string): void => {
      if (wanted.has(hash)) found.add(hash);
    };
    return { file, previous, problem: problemIn(file, note) };
  });
  return checked.flatMap(({ file, previous, problem }) => {
    const gone = { line: 1, problem: 'a file before it is gone' };
    const first = problem?.line !== 1 && !found.has(previous) ? gone : problem;
    return first === undefined ? [] : [{ file, ...first }];
  });
}

/** What the first line of a file begins after. */
function firstPreviousIn(file: string): string | undefined {
  const [first] = journalLines(file);
  return parseLine(first?.text ?? '')?.previous;
}

/** Reads a file line by line. @param note - is told each hash, after the first problem as well. */
function problemIn(file: string, note: (hash: string) => void): Omit<JournalProblem, 'file'> | undefined {
  let previous: string | undefined;
  let found: Omit<JournalProblem, 'file'> | undefined;
  let number = 0;
  for (const { text, isWhole } of journalLines(file)) {
    number += 1;
    const line = parseLine(text ?? '');
    const problem = isWhole ? problemOf(line, { number, previous }) : 'the last line is cut off';
    if (problem !== undefined) found ??= { line: number, problem };
    if (line === undefined) continue;
    note(line.hash);
    previous = line.hash;
  }
  return found;
}

function problemOf(
  line: JournalLine | undefined,
  { number, previous }: { readonly number: number; readonly previous: string | undefined },
): string | undefined {
  if (line === undefined) return 'the line cannot be read';
  const { hash, ...body } = line;
  if (hashOf(body) !== hash) return 'the line was changed';
  if (body.seq !== number) return 'a line before it is gone';
  return previous === undefined || body.previous === previous
    ? undefined
    : 'the line before it is another one';
}

/** A line of a file; `undefined` for what is none. */
export function parseLine(text: string): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isLine = typeof value === 'object' && value !== null && 'hash' in value && 'event' in value;
    return isLine ? (value as JournalLine) : undefined;
  } catch {
    return undefined;
  }
}

/** The fields in the order in which they were written, which JSON keeps. */
function hashOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function lastHashIn(folder: string): string {
  for (const file of journalFiles(folder).toReversed()) {
    const line = parseLine(lastLineOf(file).text);
    if (line !== undefined) return line.hash;
  }
  return beginning;
}
