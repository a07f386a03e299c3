import { fstatSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RcmdError } from '../errors.ts';

/** Whether a descriptor is a Unix socket; `false` where the system does not tell. [proc_net(5)] */
export function isUnixSocket(fd: number): boolean {
  const { ino } = fstatSync(fd);
  return readFileSync('/proc/net/unix', 'latin1')
    .split('\n')
    .some((line) => line.split(/\s+/)[6] === String(ino));
}

/**
 * Makes sure that a socket which another program has made lets only the user of this one connect.
 *
 * @param path - of the socket.
 * @throws {@link RcmdError} `UNSAFE_PATH` for one that others may open, and for an abstract name, which has no permissions.
 */
export function requirePrivateSocket(path: string): void {
  if (path.startsWith('/') && (isPrivate(path) || isPrivate(dirname(path)))) return;
  throw new RcmdError(
    'UNSAFE_PATH',
    `unix:${path.replace('\0', '@')}, or its folder, must belong to the user who runs this and be closed to all others: SocketMode=0600 and SocketUser= in its unit`,
  );
}

function isPrivate(path: string): boolean {
  const { mode, uid } = statSync(path);
  return (mode & 0o077) === 0 && uid === process.getuid?.();
}

/**
 * Keeps sockets that this process was given from the commands that it starts.
 *
 * @throws {@link RcmdError} `NO_NATIVE` where that cannot be done.
 */
export async function keepFromCommands(descriptors: readonly number[]): Promise<void> {
  if (descriptors.length === 0) return;
  let native;
  try {
    native = await import('@socketserver/native');
    for (const fd of descriptors) native.closeOnExec(fd);
  } catch (cause) {
    const why = 'commands would get them as well: that takes @socketserver/native, which is not here';
    throw new RcmdError('NO_NATIVE', `Cannot listen on the sockets of systemd: ${why}`, { cause });
  }
}
