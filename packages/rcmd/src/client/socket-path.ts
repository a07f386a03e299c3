import { lstatSync } from 'node:fs';
import { RcmdError } from '../errors.ts';
import { isOurs, requireTrustedFolders } from '../paths/trusted-path.ts';
import { belongsToAnother } from '../paths/unsafe-path.ts';

/**
 * Makes sure that the server behind a Unix socket is this user's own, or the administrator's: nobody else can have put a socket of theirs there.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH`; the system's error for a path that is not there.
 */
export function requireOwnSocket(path: string): void {
  if (process.getuid === undefined) return;
  const socket = lstatSync(path);
  if (!socket.isSocket())
    throw new RcmdError('UNSAFE_PATH', `Cannot trust what is at ${path}: it must be a socket`);
  if (!isOurs(socket)) throw new RcmdError('UNSAFE_PATH', `${belongsToAnother(path, socket)} or to root`);
  requireTrustedFolders(path);
}
