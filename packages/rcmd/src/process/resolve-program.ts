import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, resolve } from 'node:path';
import { CommandStartError } from './command-start-error.ts';

/**
 * Finds a program as `execvp(3)` would, before anything is started, so that what cannot be run is told apart from what
 * ran and failed.
 *
 * @returns its absolute path.
 * @throws CommandStartError `NOT_FOUND` or `NOT_EXECUTABLE`.
 */
export async function resolveProgram(
  file: string,
  { cwd, path }: { readonly cwd: string; readonly path: string },
): Promise<string> {
  const candidates = file.includes('/')
    ? [isAbsolute(file) ? file : resolve(cwd, file)]
    : path.split(delimiter).map((folder) => resolve(cwd, folder === '' ? '.' : folder, file));
  let isThere = false;
  for (const candidate of candidates) {
    const kind = await kindOf(candidate);
    if (kind === 'program') return candidate;
    isThere ||= kind === 'other';
  }
  const name = JSON.stringify(file);
  if (isThere) throw new CommandStartError('NOT_EXECUTABLE', `${name} cannot be executed`);
  const where = file.includes('/') ? '' : ` in PATH (${path})`;
  throw new CommandStartError('NOT_FOUND', `there is no program ${name}${where}`);
}

/** @throws CommandStartError `NOT_EXECUTABLE` where the directory cannot be entered, as a shell's `cd` says. */
export async function requireDirectory(cwd: string): Promise<void> {
  const problem = await directoryProblem(cwd);
  if (problem === undefined) return;
  throw new CommandStartError('NOT_EXECUTABLE', `the directory ${JSON.stringify(cwd)} ${problem}`);
}

async function directoryProblem(cwd: string): Promise<string | undefined> {
  try {
    if (!(await stat(cwd)).isDirectory()) return 'is no directory';
    await access(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be entered';
  }
}

async function kindOf(path: string): Promise<'program' | 'other' | 'nothing'> {
  try {
    if (!(await stat(path)).isFile()) return 'other';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing' : 'other';
  }
  try {
    await access(path, constants.X_OK);
    return 'program';
  } catch {
    return 'other';
  }
}
