import { CommandStartError } from './command-start-error.ts';
import type { CommandSpec } from './command.ts';

/** Bytes that one argument, or one variable with its name, may have: 32 pages of 4 KiB, less the NUL at its end. [execve(2)] */
const wordBytes = 131_071;

/**
 * Looks for what no program could be started with: what ends at a NUL byte for the system, and what is so long that it only says `E2BIG`.
 *
 * @throws CommandStartError `BAD_REQUEST` that names it.
 */
export function requireStartable({ argv, cwd, env }: Pick<CommandSpec, 'argv' | 'cwd' | 'env'>): void {
  for (const [index, word] of argv.entries()) {
    requireWord(word, index === 0 ? 'the name of the program' : `argument ${index}`);
  }
  for (const [name, value] of Object.entries(env)) {
    requireWord(`${name}=${value}`, `the variable ${JSON.stringify(name.slice(0, 100))}`);
  }
  requireWord(cwd, 'the working directory');
}

function requireWord(word: string, what: string): void {
  const nul = word.indexOf('\0');
  if (nul >= 0) {
    const problem = `${what} has a NUL byte after ${nul} characters, where it must be text without NUL`;
    throw new CommandStartError('BAD_REQUEST', problem);
  }
  if (word.length * 3 <= wordBytes) return; // whatever is in it, as UTF-8
  const bytes = Buffer.byteLength(word);
  if (bytes <= wordBytes) return;
  throw new CommandStartError(
    'BAD_REQUEST',
    `${what} has ${bytes} bytes, where a program can be started with at most ${wordBytes}: send it through the input, or in a file`,
  );
}
