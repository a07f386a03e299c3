import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RcmdError } from '../errors.ts';
import { homeFolder } from './current-user.ts';
import { mayOthersWrite } from './others-write.ts';

/** The bit of a folder that all may write to, where each may only remove what is their own. [inode(7)] */
const sticky = 0o1000;

/**
 * Makes sure that nobody else can put something else in the place of a file or folder: every folder above it, up to the home of this
 * user or to the root, belongs to this user or to root, and only they may write to it. Of a path with links in it both ways up count.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` with the folder, what is wrong with it, and the command that mends it.
 * @see sshd_config(5) StrictModes
 */
export function requireTrustedFolders(path: string): void {
  const mine = process.getuid?.();
  if (mine === undefined) return; // a system without such permissions
  const folders = new Set([...foldersAbove(resolve(path)), ...foldersAbove(realpathSync(path))]);
  for (const folder of folders) {
    const stat = statSync(folder);
    if (!isOurs(stat)) {
      throw unsafePath(
        `${folder}, above ${path}, belongs to user ${stat.uid}, and must belong to the user who runs this (${mine}) or to root`,
        ['chown', String(mine), folder],
      );
    }
    if (mayOthersWrite(stat) && (stat.mode & sticky) === 0) {
      const problem = `${folder}, above ${path}, must not be writable by others, who could replace what is in it`;
      throw unsafePath(problem, ['chmod', 'go-w', folder]);
    }
  }
}

/**
 * Makes sure that a file that is written to is no link, behind which there may be any other file, and is this user's.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH`.
 */
export function requirePlainFile(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isFile()) {
    const kind = stat.isSymbolicLink() ? 'a link' : 'no file';
    throw unsafePath(`${path} is ${kind}, and must be a file of the user who runs this`, ['rm', '-r', path]);
  }
  if (!isOurs(stat)) throw foreign(path, stat);
}

/** Whether this user, or root, who can do anything anyway, owns it. */
export function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.() || process.getuid === undefined;
}

/** What is somebody else's. */
export function foreign(path: string, { uid }: Stats): RcmdError {
  const mine = process.getuid?.() ?? 0;
  return unsafePath(`${path} belongs to user ${uid}, and must belong to the user who runs this (${mine})`, [
    'chown',
    String(mine),
    path,
  ]);
}

/** @param command - that mends it, to be pasted into a shell. */
export function unsafePath(problem: string, command: readonly string[]): RcmdError {
  return new RcmdError('UNSAFE_PATH', `${problem}: ${command.map(inShell).join(' ')}`);
}

function inShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function* foldersAbove(path: string): Generator<string> {
  const home = homeFolder();
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    yield folder;
    if (folder === home || folder === dirname(folder)) return;
  }
}
