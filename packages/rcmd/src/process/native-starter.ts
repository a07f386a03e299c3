import { delimiter } from 'node:path';
import { homeFolder } from '../paths/current-user.ts';
import { defaultPath, shellPath } from '../paths/system-programs.ts';
import { CommandStartError } from './command-start-error.ts';
import type { CommandSpec } from './command.ts';
import { fileMask, openFiles } from './login-limits.ts';
import type { ProcessExit, ProcessStarter, StartedProcess, StartParts } from './process-starter.ts';
import { requireDirectory, resolveProgram } from './resolve-program.ts';

type Native = typeof import('@socketserver/native');

/** Starts processes without a copy of this one, and without a shell, by `@socketserver/native`. */
export class NativeStarter implements ProcessStarter {
  readonly #native: Native;

  private constructor(native: Native) {
    this.#native = native;
  }

  /** @returns `undefined` where the package is not installed, was not built, or the system lacks what it needs (Linux 5.11). */
  static async load(): Promise<NativeStarter | undefined> {
    try {
      const native = await import('@socketserver/native');
      return canStart(native) ? new NativeStarter(native) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * The start tells, and this thread waits for it meanwhile. So a look is taken beforehand, which holds up nobody else, at what a
   * client has named and that may be on a file system that does not answer.
   */
  async check({ argv, cwd, env }: CommandSpec): Promise<void> {
    if (cwd !== homeFolder()) await requireDirectory(cwd);
    const [program] = argv;
    const path = env['PATH'] ?? '';
    const isNamed = program.includes('/') ? program !== shellPath : path !== defaultPath();
    if (isNamed) await resolveProgram(program, { cwd, path });
  }

  start(spec: CommandSpec, { env, stdio, group }: StartParts): StartedProcess | Promise<never> {
    const { promise: exited, resolve } = Promise.withResolvers<ProcessExit>();
    const { argv, cwd } = spec;
    const programs = candidates(argv[0], spec.env['PATH'] ?? '');
    const options = {
      programs,
      argv,
      env,
      cwd,
      stdio,
      openFiles,
      mask: fileMask,
      controlGroup: group?.folder,
    };
    try {
      return { pid: this.#native.startProcess(options, resolve), exited };
    } catch (error) {
      return explain(error, spec);
    }
  }
}

/** Tries all that a start needs, down to a program that is not there. */
function canStart({ startProcess }: Native): boolean {
  try {
    startProcess(
      { programs: [], argv: ['nothing'], env: {}, cwd: '/', stdio: [undefined, undefined, undefined] },
      () => {},
    );
    return false;
  } catch (error) {
    return (error as { readonly syscall?: string }).syscall === 'execve';
  }
}

/** Where a program may be, as `execvp(3)` looks for it. */
function candidates(file: string, path: string): string[] {
  if (file.includes('/')) return [file];
  return path.split(delimiter).map((folder) => `${folder === '' ? '.' : folder}/${file}`);
}

/** Says what is wrong with the folder or with the program, where that is it. */
async function explain(error: unknown, { argv, cwd, env }: CommandSpec): Promise<never> {
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (syscall === 'chdir') await requireDirectory(cwd);
  if (syscall === 'execve') {
    const program = await resolveProgram(argv[0], { cwd, path: env['PATH'] ?? '' });
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ELOOP')
      throw new CommandStartError(
        'NOT_EXECUTABLE',
        `${JSON.stringify(program)} cannot be executed: what it names as its interpreter cannot (${code})`,
      );
  }
  throw error;
}
