import { fstatSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RcmdError } from '../errors.ts';

/**
 * Whether a descriptor is a Unix socket; `false` where the system does not tell.
 *
 * Of these alone Linux tells how many descriptors wait in them, in whatever network namespace they were made, also where of `/proc` only
 * the processes are to be seen. [net/unix/af_unix.c, unix_show_fdinfo(): Linux 5.6] Before it told that, there is the table. [proc_net(5)]
 */
export function isUnixSocket(fd: number): boolean {
  if (/^scm_fds:/m.test(textOf(`/proc/self/fdinfo/${fd}`))) return true;
  const { ino } = fstatSync(fd);
  return textOf('/proc/net/unix')
    .split('\n')
    .some((line) => line.split(/\s+/)[6] === String(ino));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
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
 * @throws {@link RcmdError} `NO_NATIVE` where that cannot be done; TypeError for a descriptor that is not open.
 */
export async function keepFromCommands(descriptors: readonly number[]): Promise<void> {
  if (descriptors.length === 0) return;
  let marked = 0;
  try {
    const { closeOnExec } = await import('@socketserver/native');
    for (; marked < descriptors.length; marked += 1) closeOnExec(descriptors[marked]!);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EBADF') {
      const fd = descriptors[marked];
      throw new TypeError(
        `Cannot listen on the sockets of systemd: descriptor ${fd} must be a listening socket, got no open descriptor`,
        { cause },
      );
    }
    const why = 'commands would get them as well: that takes @socketserver/native, which is not here';
    throw new RcmdError('NO_NATIVE', `Cannot listen on the sockets of systemd: ${why}`, { cause });
  }
}
