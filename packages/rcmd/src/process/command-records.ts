import { readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../paths/make-folder.ts';
import { bootId, isRunning, startTimeOf } from './process-facts.ts';

/** What is on record about a running command, for whoever looks: `status`, limits, and those who clean up. */
export interface CommandRecord {
  readonly commandId: string;
  /** The main process, and its group. */
  readonly pid: number;
  readonly startTime: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Who asked for it, as text. */
  readonly owner: string;
  readonly argv: readonly string[];
}

/** Whose records a folder holds: the first line of its `owner` file. */
interface RecordsOwner {
  readonly pid: number;
  readonly startTime: string | undefined;
  readonly bootId: string;
}

const ownerFile = 'owner';

/**
 * The running commands of a server as files, one each, so that all its workers, and whoever comes after it, can see
 * them. Each runner has a folder of its own under one that they share.
 *
 * A file is called `<pid>.<startTime>.<commandId>`: the reaper, a shell script, reads no more than that.
 */
export class CommandRecords {
  readonly folder: string;
  readonly #shared: string;

  /**
   * @param shared - the folder of the server's runners; made, for its user only.
   * @param name - the runner's own.
   */
  constructor(shared: string, name: string) {
    this.#shared = shared;
    this.folder = join(shared, name);
    makeFolder(this.folder);
    const owner: RecordsOwner = { pid: process.pid, startTime: startTimeOf(process.pid), bootId: bootId() };
    writeFileSync(join(this.folder, ownerFile), JSON.stringify(owner), { mode: 0o600 });
  }

  /** Records a command. @returns what removes the record, which never throws. @throws the system's error. */
  add(record: CommandRecord): () => void {
    const path = join(this.folder, `${record.pid}.${record.startTime ?? ''}.${record.commandId}`);
    writeFileSync(path, JSON.stringify(record), { mode: 0o600 });
    return () => removeRecord(path);
  }

  /** The commands of all runners that share the folder. */
  all(): CommandRecord[] {
    return foldersIn(this.#shared).flatMap((folder) => recordsIn(folder));
  }

  /** How many commands of an owner run. */
  countOf(owner: string): number {
    return this.all().filter((record) => record.owner === owner).length;
  }

  /** Removes the folder; the records in it count no more. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Commands whose runner is gone, killed before it could end them. */
export interface AbandonedCommands {
  readonly folder: string;
  /** Those that still run, for certain: number, start time and boot agree. */
  readonly commands: readonly CommandRecord[];
}

/** Finds what runners left behind that were killed. Folders without commands that run are among them. */
export function findAbandoned(shared: string): AbandonedCommands[] {
  const found: AbandonedCommands[] = [];
  for (const folder of foldersIn(shared)) {
    const owner = readJSON(join(folder, ownerFile)) as RecordsOwner | undefined;
    if (owner === undefined) continue; // just being made
    const isThisBoot = owner.bootId === bootId();
    if (isThisBoot && isRunning(owner.pid, owner.startTime)) continue;
    const commands = recordsIn(folder).filter(
      ({ pid, startTime }) => isThisBoot && isRunning(pid, startTime),
    );
    found.push({ folder, commands });
  }
  return found;
}

function removeRecord(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone with its folder; or it stays, and counts for nothing: the process that it names is gone.
  }
}

function foldersIn(shared: string): string[] {
  try {
    return readdirSync(shared, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(shared, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function recordsIn(folder: string): CommandRecord[] {
  const records: CommandRecord[] = [];
  for (const name of namesIn(folder)) {
    if (name === ownerFile) continue;
    const record = readJSON(join(folder, name)) as CommandRecord | undefined;
    if (record !== undefined) records.push(record);
  }
  return records;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // its runner has just closed
    throw error;
  }
}

/** `undefined` for what has gone meanwhile, or is only being written. */
function readJSON(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
