import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RcmdError } from '../errors.ts';
import { makePrivateFolder } from './rcmd-paths.ts';

/**
 * Reads a secret.
 *
 * @returns `undefined` where there is none.
 * @throws {@link RcmdError} `UNSAFE_PATH` where others may read or change it; the system's errors.
 */
export function readPrivateFile(path: string): string | undefined {
  try {
    const { mode, uid } = statSync(path);
    const mine = process.getuid?.();
    if ((mode & 0o077) !== 0 || (mine !== undefined && uid !== mine)) {
      throw new RcmdError(
        'UNSAFE_PATH',
        `${path} must belong to the user who runs this and be closed to all others: chmod 600 it`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Makes sure that nobody else decides what is in a file: not by its permissions, nor by where a link leads to.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH`; the system's errors.
 */
export function requireOwnFile(path: string): void {
  const { mode, uid } = statSync(path);
  const mine = process.getuid?.();
  if ((mode & 0o022) === 0 && (mine === undefined || uid === mine || uid === 0)) return;
  throw new RcmdError(
    'UNSAFE_PATH',
    `${path} must belong to the user who runs this, and nobody else may write to it: chmod go-w it`,
  );
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
