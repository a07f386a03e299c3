import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CommandSpec } from './command.ts';
import { fileMask, openFiles } from './login-limits.ts';
import type { ProcessExit, ProcessStarter, StartedProcess, StartParts } from './process-starter.ts';
import { requireDirectory, resolveProgram } from './resolve-program.ts';

/**
 * What a child does before it becomes the command: `$1` is the file by which it joins its control group, or empty. Limits, mask and group are
 * inherited, so only the child itself can set them.
 */
const prelude =
  `ulimit -S -n ${openFiles} 2>/dev/null; umask ${fileMask.toString(8)}; ` +
  'if [ -n "$1" ]; then echo 0 >"$1"; fi 2>/dev/null; shift; exec "$@"';

/** Starts processes by Node and a shell, where nothing better is there. */
export class ShellStarter implements ProcessStarter {
  /** Once the shell runs it is too late. */
  async check({ argv, cwd, env }: CommandSpec): Promise<void> {
    await requireDirectory(cwd);
    await resolveProgram(argv[0], { cwd, path: env['PATH'] ?? '' });
  }

  start({ argv, cwd }: CommandSpec, { env, stdio, group }: StartParts): StartedProcess | Promise<never> {
    const [stdin, stdout, stderr] = stdio;
    const child = spawn('/bin/sh', ['-c', prelude, 'sh', group?.joinFile ?? '', ...argv], {
      cwd,
      env,
      stdio: [stdin ?? 'ignore', stdout, stderr],
      detached: true, // a session and a group of its own [setsid(2)]
    });
    const { pid } = child;
    if (pid === undefined) return errorOf(child);
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
      });
    });
    return { pid, exited };
  }
}

async function errorOf(child: ChildProcess): Promise<never> {
  throw (await once(child, 'error'))[0];
}
