import { CliError } from './cli-error.ts';

/** What a variable may be called. */
export const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads the values of `-e NAME=VALUE` and `-e NAME`, which copies our own. A name that is not set here is not set there.
 *
 * @throws CliError `USAGE` for what is neither.
 */
export function parseEnvironment(
  values: readonly string[] = [],
  own: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of values) {
    const [, name = '', value] = /^([^=]*)(?:=([^]*))?$/.exec(text) ?? [];
    if (!variableName.test(name)) {
      // The value may be a secret: not even a part of it is repeated.
      throw new CliError('USAGE', '-e must be NAME=VALUE or NAME, with a NAME of letters, digits and "_"');
    }
    const given = value ?? own[name];
    if (given !== undefined) found[name] = given;
  }
  return found;
}
