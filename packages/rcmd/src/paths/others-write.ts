import { readFileSync, type Stats } from 'node:fs';

/** What the system knows of its users and groups. */
export interface Accounts {
  /** @see passwd(5) */
  readonly passwd: string;
  /** @see group(5) */
  readonly group: string;
}

/**
 * Whether anybody but the owner and this user may write to a file or folder. A group with nobody else in it is no other: where each
 * user has such a group, logins make everything writable by it. [pam_umask(8) usergroups, login.defs(5) USERGROUPS_ENAB]
 */
export function mayOthersWrite({ mode, gid }: Pick<Stats, 'mode' | 'gid'>): boolean {
  if ((mode & 0o002) !== 0) return true;
  return (mode & 0o020) !== 0 && !isGroupOf(process.getuid?.() ?? 0, gid, readAccounts());
}

/**
 * Whether a group is a user's alone: their primary one, of their name, with no other member, and nobody else's primary one.
 *
 * @returns also `false` for users and groups that are not in the files, as those of a directory service.
 */
export function isGroupOf(uid: number, gid: number, { passwd, group }: Accounts): boolean {
  const holders = entriesOf(passwd).filter((entry) => entry[3] === String(gid));
  const names = new Set(holders.filter((entry) => entry[2] === String(uid)).map(([name]) => name));
  const groups = entriesOf(group).filter((entry) => entry[2] === String(gid));
  return (
    groups.length > 0 &&
    holders.every((entry) => entry[2] === String(uid)) &&
    groups.every(([name, , , members = '']) =>
      [name, ...members.split(',')].every((member) => member === '' || names.has(member)),
    )
  );
}

function readAccounts(): Accounts {
  return { passwd: readIfThere('/etc/passwd'), group: readIfThere('/etc/group') };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function entriesOf(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(':'));
}
