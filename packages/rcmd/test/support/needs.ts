import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The options of a test that runs other people's programs: where one of them is missing it is skipped, and says so.
 *
 * @throws Error instead where `CI` is set, since a run that tests nothing must not be green.
 */
export function needs(...programs: readonly string[]): { readonly skip: string | false } {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return { skip: false };
  const reason = `not installed: ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`Cannot run a test: ${reason}`);
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
