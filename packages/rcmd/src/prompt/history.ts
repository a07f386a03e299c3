import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';
import { requirePlainFile } from '../paths/trusted-path.ts';

/** Commands that a prompt remembers. */
export const historySize = 1_000;

/**
 * What was typed at prompts, in a file for its user only. Several prompts may add to it at once. A line that begins with a space is not
 * remembered, as in shells: for what nobody should find there. A newline within a command stands after a backslash of its own, as in zsh's
 * file; a command that itself ends in a backslash gets a space after it. Where it cannot be kept, a prompt goes on without it, and says so once;
 * a link to `/dev/null` asks for that, and nothing is said.
 */
export class History {
  readonly #path: string;
  readonly #warn: (problem: string) => void;
  #last: string | undefined;
  #isKept = true;

  /** @param warn - told once, where nothing can be remembered. */
  constructor(path: string, warn: (problem: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** The commands, the newest first. The file is cut to {@link historySize} of them when it has grown to twice as many. */
  load(): string[] {
    return this.#attempt(() => this.#read()) ?? [];
  }

  /** Adds a line at the end, unless it is the last one again. */
  add(line: string): void {
    if (line.startsWith(' ') || line === this.#last) return;
    this.#attempt(() => this.#append(line));
  }

  #attempt<T>(action: () => T): T | undefined {
    if (!this.#isKept) return undefined;
    try {
      this.#isKept = !leadsNowhere(this.#path);
      return this.#isKept ? action() : undefined;
    } catch (error) {
      this.#isKept = false;
      this.#warn(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #read(): string[] {
    requirePlainFile(this.#path);
    if (!existsSync(this.#path)) return [];
    const all = entriesOf(readFileSync(this.#path, 'utf8'));
    const kept = all.slice(-historySize);
    if (all.length >= 2 * historySize) {
      const own = `${this.#path}.${process.pid}`;
      writeFileSync(own, kept.map((line) => entryOf(line)).join(''), { mode: 0o600 });
      renameSync(own, this.#path);
    }
    this.#last = kept.at(-1);
    return kept.toReversed();
  }

  #append(line: string): void {
    makePrivateFolder(dirname(this.#path));
    requirePlainFile(this.#path);
    appendFileSync(this.#path, entryOf(line), { mode: 0o600 });
    chmodSync(this.#path, 0o600);
    this.#last = line;
  }
}

function leadsNowhere(path: string): boolean {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink && readlinkSync(path) === '/dev/null';
}

function entryOf(command: string): string {
  return `${command.replaceAll('\n', '\\\n')}${command.endsWith('\\') ? ' ' : ''}\n`;
}

function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let begun = '';
  for (const line of text.split('\n')) {
    if (line.endsWith('\\')) {
      begun += `${line.slice(0, -1)}\n`;
      continue;
    }
    entries.push(begun + line);
    begun = '';
  }
  return entries.filter((entry) => entry !== '');
}
