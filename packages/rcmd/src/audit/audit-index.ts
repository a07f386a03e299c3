import { basename, join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { lastEvents } from './audit-record.ts';
import { journalLines } from './journal-lines.ts';
import { journalFiles, type JournalLine, parseLine } from './journal.ts';

/** What to look for. All that is given must hold. */
export interface AuditQuery {
  /** Part of the command; what is on record about its end is found by it, too. */
  readonly command?: string | undefined;
  /** Part of a fingerprint, a comment, or `uid:1000`. */
  readonly principal?: string | undefined;
  readonly address?: string | undefined;
  readonly event?: string | undefined;
  readonly commandId?: string | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Records at most: the newest. Default 100. */
  readonly limit?: number | undefined;
}

/** The version of the tables; an index of another one is made anew. */
const schemaVersion = 1;

const schema = `
  CREATE TABLE files (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE records (
    file TEXT NOT NULL, seq INTEGER NOT NULL, time TEXT NOT NULL, event TEXT NOT NULL, principal TEXT NOT NULL,
    address TEXT NOT NULL, command TEXT NOT NULL, command_id TEXT NOT NULL, line TEXT NOT NULL, PRIMARY KEY (file, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_time ON records (time);
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Finds records. The files are what counts; this index is made from them, follows them, and can be deleted at any time.
 */
export class AuditIndex implements Disposable {
  readonly #folder: string;
  readonly #database: DatabaseSync;

  /** @param folder - of the audit. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#database = new DatabaseSync(join(folder, 'index.sqlite'));
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000;');
    const { user_version: version } = this.#database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (version !== schemaVersion) {
      this.#database.exec(`DROP TABLE IF EXISTS records; DROP TABLE IF EXISTS files; ${schema}`);
    }
  }

  /** Takes in what the files have got since the last time. @returns how many records. */
  update(): number {
    let records = 0;
    for (const file of journalFiles(this.#folder)) {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        records += this.#take(file);
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    }
    return records;
  }

  /** The newest records that match, the oldest of them first. */
  search(query: AuditQuery): JournalLine[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const require = (condition: string, value: string | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    require(`(instr(command, ?1) > 0 OR (command_id <> '' AND command_id IN (SELECT command_id FROM records WHERE instr(command, ?1) > 0)))`, query.command);
    require('instr(principal, ?) > 0', query.principal);
    require('address = ?', query.address);
    require('event = ?', query.event);
    require('command_id = ?', query.commandId);
    require('time >= ?', query.since);
    require('time < ?', query.until);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const sql = `SELECT line FROM records ${where} ORDER BY time DESC, file DESC, seq DESC LIMIT ?`;
    const rows = this.#database.prepare(sql).all(...values, query.limit ?? 100) as { line: string }[];
    return rows.toReversed().map(({ line }) => JSON.parse(line) as JournalLine);
  }

  /** The ids of commands whose text has that in it, and of whose end nothing is on record. */
  running(command: string): string[] {
    const marks = lastEvents.map(() => '?').join(', ');
    const sql = `SELECT command_id FROM records WHERE event = 'start' AND command_id <> '' AND instr(command, ?) > 0
      AND command_id NOT IN (SELECT command_id FROM records WHERE event IN (${marks}))`;
    const rows = this.#database.prepare(sql).all(command, ...lastEvents) as { command_id: string }[];
    return rows.map(({ command_id: id }) => id);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #take(file: string): number {
    let records = 0;
    const name = basename(file);
    const insert = this.#database.prepare(
      'INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const row = this.#database.prepare('SELECT bytes FROM files WHERE name = ?').get(name);
    let taken = (row as { bytes: number } | undefined)?.bytes ?? 0;
    for (const { text = '', end, isWhole } of journalLines(file, taken)) {
      if (!isWhole) break; // it is being written
      const line = parseLine(text);
      if (line !== undefined) {
        insert.run(name, ...columnsOf(line), text);
        records += 1;
      }
      taken = end;
    }
    this.#database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?)').run(name, taken);
    return records;
  }
}

/** Whether a record is one of those that {@link AuditIndex.search} finds. */
export function matchesQuery(line: JournalLine, query: AuditQuery): boolean {
  const { command, principal } = searchedText(line);
  return (
    command.includes(query.command ?? '') &&
    principal.includes(query.principal ?? '') &&
    line.address === (query.address ?? line.address) &&
    line.event === (query.event ?? line.event) &&
    line.commandId === (query.commandId ?? line.commandId) &&
    line.time >= (query.since ?? line.time) &&
    (query.until === undefined || line.time < query.until)
  );
}

function columnsOf(line: JournalLine): SQLInputValue[] {
  const { command, principal } = searchedText(line);
  return [line.seq, line.time, line.event, principal, line.address, command, line.commandId ?? ''];
}

function searchedText(line: JournalLine): { readonly command: string; readonly principal: string } {
  return {
    command: line.shell ?? line.argv?.join(' ') ?? '',
    principal: [line.principal, line.comment].filter(Boolean).join(' '),
  };
}
