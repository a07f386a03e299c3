import { userInfo } from 'node:os';

/** Who runs this process. */
export interface CurrentUser {
  readonly uid: number;
  readonly username: string;
  readonly homedir: string;
  readonly shell: string;
}

/**
 * Who runs this process, as the system knows them.
 *
 * Containers run programs as users that the system has no record of; of such a user there is the number.
 */
export function currentUser(read: typeof userInfo = userInfo): CurrentUser {
  try {
    const { uid, username, homedir, shell } = read();
    return { uid, username, homedir, shell: shell ?? '/bin/sh' };
  } catch {
    const uid = process.getuid?.() ?? 0;
    return { uid, username: String(uid), homedir: '/', shell: '/bin/sh' };
  }
}

/** The home folder: what `HOME` names, or else what the system says. */
export function homeFolder(): string {
  const { HOME: home } = process.env;
  return home === undefined || home === '' ? currentUser().homedir : home;
}
