import { watch } from 'node:fs';
import { type AuditQuery, matchesQuery } from './audit-index.ts';
import { lastEvents } from './audit-record.ts';
import { journalLines, lastLineOf } from './journal-lines.ts';
import { journalFiles, type JournalLine, parseLine } from './journal.ts';

/** The records that are written after it was made, by any process. Disposing it ends the wait. */
export class AuditTail implements Disposable {
  readonly #folder: string;
  /** Bytes that were read, by file. */
  readonly #read = new Map<string, number>();
  readonly #watcher;
  #changed = Promise.withResolvers<boolean>();

  /** @throws the system's error where there is no such folder. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#watcher = watch(folder, () => this.#changed.resolve(true));
    this.#watcher.on('error', (error) => this.#changed.reject(error));
    this.#watcher.on('close', () => this.#changed.resolve(false));
    this.#changed.promise.catch(() => {}); // whoever waits learns of it
    for (const file of journalFiles(folder)) this.#read.set(file, lastLineOf(file).end);
  }

  /**
   * Yields those that match, until it is disposed of.
   *
   * @param commands - the ids of commands that run, and were found before: their ends match, too.
   */
  async *records(query: AuditQuery, commands = new Set<string>()): AsyncGenerator<JournalLine, void, void> {
    do {
      this.#changed = Promise.withResolvers<boolean>();
      const added = journalFiles(this.#folder).flatMap((file) => this.#take(file));
      for (const line of added.toSorted((a, b) => (a.time < b.time ? -1 : 1))) {
        const { commandId = '' } = line;
        const isOfOneFound = commands.has(commandId) && matchesQuery(line, { ...query, command: undefined });
        const isFound = matchesQuery(line, query);
        if (lastEvents.includes(line.event)) commands.delete(commandId);
        else if (isFound && commandId !== '') commands.add(commandId);
        if (isFound || isOfOneFound) yield line;
      }
    } while (await this.#changed.promise);
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }

  /** What a file has got since the last time; a line that is being written waits. */
  #take(file: string): JournalLine[] {
    const added: JournalLine[] = [];
    for (const { text = '', end, isWhole } of journalLines(file, this.#read.get(file) ?? 0)) {
      if (!isWhole) break;
      const line = parseLine(text);
      if (line !== undefined) added.push(line);
      this.#read.set(file, end);
    }
    return added;
  }
}
