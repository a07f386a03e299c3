import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { mayOthersWrite } from './others-write.ts';
import { makePrivateFolder } from './rcmd-paths.ts';
import { isOurs, requireTrustedFolders } from './trusted-path.ts';
import { foreign, unsafePath } from './unsafe-path.ts';

/**
 * Reads a secret.
 *
 * @returns `undefined` where there is none.
 * @throws {@link RcmdError} `UNSAFE_PATH` where others may read or change it; the system's errors.
 */
export function readPrivateFile(path: string): string | undefined {
  try {
    requireTrustedFolders(path);
    const stat = statSync(path);
    if (!isOurs(stat)) throw foreign(path, stat);
    if ((stat.mode & 0o077) !== 0) {
      const problem = `${path} is a secret, and must be closed to all but the user who runs this`;
      throw unsafePath(problem, ['chmod', '600', path]);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes sure that nobody else decides what is in a file: not by its permissions, nor by where a link leads to. One that is not
 * there yet is nobody's.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH`; the system's errors.
 */
export function requireOwnFile(path: string): void {
  requireTrustedFolders(path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!isOurs(stat)) throw foreign(path, stat);
  if (mayOthersWrite(stat)) {
    throw unsafePath(`${path} must not be writable by others, who could change it`, ['chmod', 'go-w', path]);
  }
}

/**
 * Writes a secret that is not there yet, all of it or nothing.
 *
 * @returns what is in the file now: `text`, or what somebody else wrote first.
 */
export function createPrivateFile(path: string, text: string): string {
  makePrivateFolder(dirname(path));
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(own, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readPrivateFile(path)!;
  } finally {
    unlinkSync(own);
  }
}
