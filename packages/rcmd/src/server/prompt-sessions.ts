import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateFolder } from '../paths/rcmd-paths.ts';
import { shellPath } from '../paths/system-programs.ts';

/** Sessions that one connection may have. */
const maxSessions = 256;

/** Bytes of a session's state: no program can be started with a larger environment. [execve(2)] */
const maxStateBytes = 6 * 1_048_576;

/** What the shell of a session runs: `$1` is the client's line, `$2` where its state goes, `$3` the program `env`. */
const script = String.raw`
rcmd_line=$1 rcmd_file=$2 rcmd_env=$3
shift 3
rcmd_save() {
  if [ -n "$rcmd_file" ]; then
    { printf '%s\0' "$PWD" && { "$rcmd_env" -0 || { rcmd_lost=$?; false; }; } && printf 'end\0'; } >|"$rcmd_file" ||
      [ -n "$rcmd_lost" ] || rcmd_lost=unsaved
    rcmd_file=
  fi
}
rcmd_tell() {
  case $rcmd_lost in
    '') ;;
    126) echo 'rcmd: the folder and the variables of this line are not kept: what it exports is more than a program can be started with (128 KiB a variable)' >&2 ;;
    *) echo 'rcmd: the folder and the variables of this line are not kept: they could not be saved where the server runs; is the disk full?' >&2 ;;
  esac
  rcmd_lost=
}
rcmd_lost=
trap '{ rcmd_status=$?; set +efuxv; rcmd_save; } 2>/dev/null; rcmd_tell; exit $rcmd_status' EXIT
trap '{ set +efuxv; rcmd_save; trap - EXIT INT; kill -INT $$; } 2>/dev/null' INT
eval "$rcmd_line"
{ rcmd_status=$?; set +efuxv; rcmd_save; } 2>/dev/null
rcmd_tell
exit $rcmd_status
`;

/** Variables that are of the shell, or of one command, and not of the session. */
const notKept = /^(RCMD_.*|rcmd_.*|_)$/;

const envProgram = existsSync('/usr/bin/env') ? '/usr/bin/env' : '/bin/env';

/** Where a session is. */
interface SessionState {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A line of a session, as a command to run. */
export interface SessionCommand {
  readonly argv: readonly [string, ...string[]];
  /** Where the session is; `undefined` at its beginning. */
  readonly cwd: string | undefined;
  /** What the session has exported; `undefined` at its beginning. */
  readonly env: Readonly<Record<string, string>> | undefined;
  /** Takes over what the line has left, once it has ended. Never throws. */
  ended(): void;
}

/**
 * The prompts of one connection: the working directory and the environment that one line leaves are where the next one begins.
 *
 * Each line is a shell of its own, which writes both to a file when it ends: by itself, by `exit`, `set -e` or an interrupt.
 * One that is killed, or replaced by `exec`, leaves things as they were. Of two lines at once the later end counts. Functions,
 * aliases, options and background jobs end with their line.
 */
export class PromptSessions implements Disposable {
  readonly #folder: string;
  readonly #states = new Map<string, SessionState | undefined>();
  readonly #files = new Set<string>();

  /** @param runtime - the folder of what runs. */
  constructor(runtime: string) {
    this.#folder = join(runtime, 'sessions');
  }

  /** A line in the session of that name. @returns `undefined` where there are too many sessions. */
  command(
    name: string,
    { line, commandId }: { line: string; commandId: string },
  ): SessionCommand | undefined {
    if (!this.#states.has(name) && this.#states.size >= maxSessions) return undefined;
    makePrivateFolder(this.#folder);
    const file = join(this.#folder, `${process.pid}-${commandId}`);
    const state = this.#states.get(name);
    this.#states.set(name, state);
    this.#files.add(file);
    return {
      argv: [shellPath, '-c', script, 'sh', line, file, envProgram],
      cwd: state && existingFolder(state.cwd),
      env: state?.env,
      ended: () => {
        this.#states.set(name, readState(file) ?? this.#states.get(name));
        this.#remove(file);
      },
    };
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) this.#remove(file);
  }

  #remove(file: string): void {
    this.#files.delete(file);
    try {
      rmSync(file, { recursive: true, force: true });
    } catch {
      // What a line has put there, and locked, stays there.
    }
  }
}

/** The folder itself, or where that is gone the nearest one above that is not: a prompt must have a place to leave from. */
function existingFolder(path: string): string {
  return existsSync(path) || path === '/' ? path : existingFolder(dirname(path));
}

/** `undefined` where the shell has not written all of it. */
function readState(file: string): SessionState | undefined {
  const [cwd = '', ...rest] = readPlainFile(file).split('\0');
  if (rest.at(-2) !== 'end') return undefined;
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const variable of rest.slice(0, -2)) {
    const at = variable.indexOf('=');
    const name = variable.slice(0, at);
    if (at > 0 && !notKept.test(name)) env[name] = variable.slice(at + 1);
  }
  return { cwd, env };
}

/** `''` for what is no file of a sensible size: each line knows the name, and can put anything there. */
function readPlainFile(path: string): string {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // of a FIFO, nobody may be at the other end
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= maxStateBytes ? readFileSync(fd, 'utf8') : '';
  } catch {
    return '';
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
