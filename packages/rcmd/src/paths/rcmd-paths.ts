import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { RcmdError } from '../errors.ts';

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

/** The folders as the environment names them; relative ones there are passed over, as the specification demands. */
export function rcmdPaths(env: NodeJS.ProcessEnv = process.env): RcmdPaths {
  const folder = (name: string, otherwise: string): string => {
    const given = env[name];
    return join(given?.startsWith('/') === true ? given : otherwise, 'rcmd');
  };
  const home = env['HOME'] ?? homedir();
  return {
    config: folder('XDG_CONFIG_HOME', join(home, '.config')),
    state: folder('XDG_STATE_HOME', join(home, '.local/state')),
    runtime:
      env['XDG_RUNTIME_DIR'] === undefined
        ? join(tmpdir(), `rcmd-${userInfo().uid}`)
        : folder('XDG_RUNTIME_DIR', tmpdir()),
  };
}

/**
 * Makes a folder that nobody else may enter, or makes sure that it is one: in a directory that all may write to, another user might have
 * made it first.
 *
 * @throws {@link RcmdError} `UNSAFE_PATH` for a folder of somebody else's, or a link.
 */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) {
    throw new RcmdError('UNSAFE_PATH', `${path} must be a folder of the user who runs this, and no link`);
  }
  if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
}
