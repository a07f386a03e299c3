import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';

/**
 * The options of a test that runs other people's programs: where one of them is missing it is skipped, and says so.
 *
 * @throws Error instead where `CI` is set, since a run that tests nothing must not be green.
 */
export function needs(...programs: readonly string[]): { readonly skip: string | false } {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return { skip: false };
  const reason = `not installed: ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`Cannot run the tests: ${reason}`);
  return { skip: reason };
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a program to its end. @returns what it wrote, both streams together. */
export async function run(
  program: string,
  args: readonly (string | number)[],
  { input = '' } = {},
): Promise<string> {
  const child = spawn(program, args.map(String), { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it may end without reading all
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return stdout + stderr;
}
