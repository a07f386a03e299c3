import { CliError } from './cli-error.ts';

/** What is to run where: a program and its arguments, or one string for a shell. */
export type ExecWords = { readonly host: string | undefined } & (
  | { readonly argv: readonly string[]; readonly shell?: undefined }
  | { readonly shell: string; readonly argv?: undefined }
);

/** How `rcmd exec` was called. */
export interface ExecCall {
  /** From HOST on, as they were given. */
  readonly words: readonly string[];
  /** Whether `--` stood before all of them: then there is no HOST. */
  readonly isWithoutHost: boolean;
  /** Whether `-s` stood before HOST. */
  readonly isShell: boolean;
  /** Whether `RCMD_HOST` names a server: then one word after a leading `-s` is the string, and there is no HOST. */
  readonly hasDefaultHost: boolean;
}

/**
 * Takes apart `HOST [--] CMD ARGS...` and `HOST -s STRING`. What follows HOST is the other machine's, word by word: nothing
 * in it is an option of ours.
 *
 * @throws CliError `USAGE`.
 */
export function parseExecWords({ words, isWithoutHost, isShell, hasDefaultHost }: ExecCall): ExecWords {
  const namesNoHost = isWithoutHost || (isShell && hasDefaultHost && words.length === 1);
  const host = namesNoHost ? undefined : words[0];
  const after = namesNoHost ? words : words.slice(1);
  const [first] = after;
  if (isShell || first === '-s' || first === '--shell') {
    const strings = first === '--' || first === '-s' || first === '--shell' ? after.slice(1) : after;
    const [shell] = strings;
    if (isShell && shell === undefined && words.length === 1) {
      throw new CliError('USAGE', "Name a server: rcmd exec HOST -s 'LINE', or set RCMD_HOST");
    }
    if (shell === undefined || strings.length > 1) {
      throw new CliError(
        'USAGE',
        `-s takes one string, got ${strings.length}: quote it, as in -s 'a && b | c'`,
      );
    }
    return { host, shell };
  }
  const argv = first === '--' ? after.slice(1) : after;
  if (argv.length === 0) throw new CliError('USAGE', 'Name a program to run: rcmd exec HOST -- CMD ARGS...');
  if (argv[0] === '') {
    const why = 'a variable in its place may be empty';
    throw new CliError(
      'USAGE',
      `The name of the program must not be empty: rcmd exec HOST -- CMD ARGS...; ${why}`,
    );
  }
  if (first !== '--' && first!.startsWith('-')) {
    throw new CliError(
      'USAGE',
      `Options go before HOST, where ${first} would be one of rcmd's: rcmd exec [OPTIONS] ${host ?? 'HOST'} -- CMD ARGS...`,
    );
  }
  return { host, argv };
}
