import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { homeFolder } from './current-user.ts';
import { mayOthersWrite } from './others-write.ts';
import { belongsToAnother, elsewhere, foreign, unsafePath } from './unsafe-path.ts';

/** The bit of a folder that all may write to, where each may only remove what is their own. [inode(7)] */
const sticky = 0o1000;

/** Links on the way to a file, as many as the kernel follows. [path_resolution(7)] */
const maxLinks = 40;

/**
 * Makes sure that nobody else can put something else in the place of a file or folder: every folder on the way to it, from the home of
 * this user on where it is there and else from the root, belongs to this user or to root, and only they may write to it. So do the
 * links on the way, each with the folders that it stands in and those that it leads through. What is not there yet ends the way.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` with the folder, what is wrong with it, and what mends it; the system's errors.
 * @see sshd_config(5) StrictModes
 */
export function requireTrustedFolders(path: string): void {
  if (process.getuid === undefined) return; // a system without such permissions
  let { at, left } = wayTo(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
  let links = 0;
  while (left.length > 0) {
    const [name = '', ...rest] = left;
    left = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      ({ at, left } = wayTo([dirname(at), ...rest].join('/')));
      continue;
    }
    requireTrustedFolder(at, path);
    const next = join(at, name);
    const stat = lstatSync(next, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    requireTrustedLink(next, { path, stat, links });
    const target = readlinkSync(next);
    if (isAbsolute(target)) ({ at, left } = wayTo([target, ...rest].join('/')));
    else left = [...target.split('/'), ...rest];
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
  if (!stat.isFile()) throw notA('file', path, stat);
  if (!isOurs(stat)) throw foreign(path, stat);
}

/** What stands where a file or folder of this user's should. */
export function notA(kind: 'file' | 'folder', path: string, stat: Stats): Error {
  const what = stat.isSymbolicLink() ? 'a link' : `no ${kind}`;
  const problem = `${path} is ${what}, and must be a ${kind} of the user who runs this`;
  // It may be anything, such as a file of the system's that an address names by mistake: nothing that changes it.
  return unsafePath(`${problem}; look at it, then move it away or name another place`, ['ls -ld', path]);
}

/** Whether this user, or root, who can do anything anyway, owns it. */
export function isOurs({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.() || process.getuid === undefined;
}

/**
 * Whether a folder or a link on the way is ours, or of whoever owns the root: in a user namespace that has one user in it all others,
 * root too, are seen as one. [user_namespaces(7)]
 */
function isOfSystem(stat: Stats): boolean {
  return isOurs(stat) || stat.uid === statSync('/').uid;
}

function requireTrustedFolder(folder: string, path: string): void {
  const stat = statSync(folder);
  if (!isOfSystem(stat)) {
    const problem = `${belongsToAnother(`${folder}, above ${path},`, stat)} or to root`;
    throw unsafePath(`${problem}; ${elsewhere}, or see what is there`, ['ls -ld', folder]);
  }
  if (!mayOthersWrite(stat) || (stat.mode & sticky) !== 0) return;
  const problem = `${folder}, above ${path}, must not be writable by others, who could replace what is in it`;
  // A folder of the system's that all write to is meant for all, and only lacks the bit.
  const change = stat.uid === 0 && (stat.mode & 0o002) !== 0 ? '+t' : 'go-w';
  throw unsafePath(`${problem}; ${elsewhere}, or mend it`, ['chmod', change, folder]);
}

function requireTrustedLink(
  link: string,
  { path, stat, links }: { readonly path: string; readonly stat: Stats; readonly links: number },
): void {
  const look = ['ls -ld', link] as const;
  if (links > maxLinks)
    throw unsafePath(`${path} leads through more than ${maxLinks} links, one of which is`, look);
  if (isOfSystem(stat)) return;
  const problem = `${belongsToAnother(`${link}, a link on the way to ${path},`, stat)} or to root`;
  throw unsafePath(`${problem}; see where it leads, and name that instead`, look);
}

/** Where the way to a path begins, and what is left of it from there: what is above a home is the system's. */
function wayTo(path: string): { at: string; left: string[] } {
  const home = resolve(homeFolder());
  const real = realPathOf(home);
  for (const start of [home, real]) {
    if (path.startsWith(`${start}/`)) return { at: real, left: path.slice(start.length).split('/') };
  }
  return { at: '/', left: path.split('/') };
}

function realPathOf(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
}
