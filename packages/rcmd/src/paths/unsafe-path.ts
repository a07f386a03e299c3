import type { Stats } from 'node:fs';
import { RcmdError } from '../errors.ts';

/** The way out where a folder is as it should be, for somebody else: in containers, and in the home of another user. */
export const elsewhere = 'name another folder, as with XDG_CONFIG_HOME, XDG_STATE_HOME or XDG_RUNTIME_DIR';

/** @param command - that mends it or shows it. Pasted into a shell it gives nothing away, and makes nothing ours that somebody else left. */
export function unsafePath(problem: string, command: readonly [string, ...string[]]): RcmdError {
  const [program, ...words] = command;
  return new RcmdError('UNSAFE_PATH', `${problem}: ${[program, ...words.map(inShell)].join(' ')}`);
}

/** What is somebody else's. */
export function foreign(path: string, stat: Stats): RcmdError {
  const problem = belongsToAnother(path, stat);
  if (stat.uid === 0) return unsafePath(problem, ['chown', String(process.getuid?.() ?? 0), path]);
  if (stat.isDirectory()) {
    return unsafePath(`${problem}; ${elsewhere}, or look at it, then move it away`, [
      'mv',
      path,
      `${path}.old`,
    ]);
  }
  return unsafePath(`${problem}; look at it, then remove it`, ['rm', path]);
}

/** The words for what is somebody else's. */
export function belongsToAnother(what: string, { uid }: Stats): string {
  return `${what} belongs to user ${uid}, and must belong to the user who runs this (${process.getuid?.() ?? 0})`;
}

function inShell(word: string): string {
  const path = word.startsWith('-') ? `./${word}` : word;
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
