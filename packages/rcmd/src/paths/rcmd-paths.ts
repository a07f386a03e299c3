import { chmodSync, lstatSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RcmdError } from '../errors.ts';
import { currentUser } from './current-user.ts';
import { makeFolder } from './make-folder.ts';
import { notA, requireTrustedFolders } from './trusted-path.ts';
import { belongsToAnother, foreign, unsafePath } from './unsafe-path.ts';

/**
 * The folders of one user, by the XDG Base Directory Specification.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export interface RcmdPaths {
  /** Keys, whom to trust, named targets: `$XDG_CONFIG_HOME/rcmd`. */
  readonly config: string;
  /** The audit and the prompt's history: `$XDG_STATE_HOME/rcmd`. */
  readonly state: string;
  /** Sockets, pipes and records of what runs: `$XDG_RUNTIME_DIR/rcmd`, or a folder of the user's under the temporary one. */
  readonly runtime: string;
}

/** The folders as the environment names them; relative and empty ones there are passed over, as the specification demands. */
export function rcmdPaths(env: NodeJS.ProcessEnv = process.env): RcmdPaths {
  const named = (name: string): string | undefined =>
    env[name]?.startsWith('/') === true ? env[name] : undefined;
  const home = named('HOME') ?? currentUser().homedir;
  const runtime = named('XDG_RUNTIME_DIR');
  return {
    config: join(named('XDG_CONFIG_HOME') ?? join(home, '.config'), 'rcmd'),
    state: join(named('XDG_STATE_HOME') ?? join(home, '.local/state'), 'rcmd'),
    runtime: runtime === undefined ? join(tmpdir(), `rcmd-${currentUser().uid}`) : join(runtime, 'rcmd'),
  };
}

/**
 * Makes a folder that nobody else may enter, or makes sure that it is one: in a directory that all may write to, another user might have
 * made it first.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` for a folder of somebody else's, a link, or one within a folder that others may write to.
 */
export function makePrivateFolder(path: string): void {
  if (isOpenToOthers(makeOwnFolder(path))) chmodSync(path, 0o700);
}

/**
 * Makes a folder that nobody else may enter; one that is there already, and may be somebody's, stays as it is.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` for a folder of somebody else's, a link, or one that others may enter.
 */
export function requirePrivateFolder(path: string): void {
  const stat = makeOwnFolder(path, (named, others) => notAlone(belongsToAnother(named, others), named));
  if (isOpenToOthers(stat)) throw notAlone(`${path} must be closed to all others`, path);
}

/** A folder that somebody has named may be the system's, as `/tmp` is: nothing that changes it. */
function notAlone(problem: string, path: string): RcmdError {
  return unsafePath(`${problem}; name one that is for this alone, or see what is there`, ['ls -ld', path]);
}

/** @param notOurs - the error for one that is somebody else's. */
function makeOwnFolder(path: string, notOurs = foreign): Stats {
  requireTrustedFolders(path); // so that nothing is left behind where it cannot be
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) makeFolder(path);
  const stat = there ?? lstatSync(path);
  if (!stat.isDirectory()) throw notA('folder', path, stat);
  if (process.getuid !== undefined && stat.uid !== process.getuid()) throw notOurs(path, stat);
  requireTrustedFolders(path);
  return stat;
}

function isOpenToOthers({ mode }: Stats): boolean {
  return (mode & 0o077) !== 0;
}
