import { CommanderError } from 'commander';
import { say } from '../terminal/print.ts';
import { reasonOf } from '../terminal/reason-of.ts';
import { ourFailure } from '../terminal/exit-code.ts';
import { createProgram } from './program.ts';

/** What a program ends with whose output nobody reads any more, as SIGPIPE would have it. */
const nobodyReads = 141;

/** Runs the program, and ends this process with its exit code. @param args - what follows its name. */
export async function runProgram(args: readonly string[]): Promise<never> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      process.exitCode ??= nobodyReads;
      return;
    }
    say(`standard output cannot be written: ${reasonOf(error)}`);
    process.exit(ourFailure); // whatever a command has still to say is lost
  });
  process.stderr.on('error', () => {}); // nowhere to say so
  try {
    const program = await createProgram(args[0]);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = explain(error);
  }
  await written(process.stdout);
  await written(process.stderr);
  // Standard input may still be open, and a connection still closing.
  process.exit();
}

/** Says what went wrong, in one line. @returns what to exit with. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ourFailure; // it has been said
  if (error instanceof TypeError || error instanceof RangeError || !(error instanceof Error)) throw error; // a bug of ours
  say(reasonOf(error));
  return ourFailure;
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
