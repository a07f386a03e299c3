import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RcmdError } from '../errors.ts';

/**
 * Makes sure that the server behind a Unix socket is this user's own, or the administrator's: nobody else can have put a socket of theirs there.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH`; the system's error for a path that is not there.
 */
export function requireOwnSocket(path: string): void {
  const mine = process.getuid?.();
  if (mine === undefined) return;
  const socket = lstatSync(path);
  const folder = statSync(dirname(realpathSync(path)));
  const isTrusted = ({ uid }: { readonly uid: number }): boolean => uid === mine || uid === 0;
  const isOpen = (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0;
  if (!socket.isSocket()) throw unsafe(path, 'it must be a socket');
  if (!isTrusted(socket)) throw unsafe(path, `the socket belongs to user ${socket.uid}`);
  if (!isTrusted(folder)) throw unsafe(path, `its folder belongs to user ${folder.uid}`);
  if (isOpen) throw unsafe(path, 'others may write to its folder');
}

function unsafe(path: string, why: string): RcmdError {
  return new RcmdError('UNSAFE_PATH', `Cannot trust the server behind ${path}: ${why}`);
}
