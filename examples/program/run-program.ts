/** A failure that a person can do something about; its message says all of it in one line. */
export class ExpectedFailure extends Error {}

/**
 * Runs a program. An {@link ExpectedFailure}, an error of the operating system and one of `parseArgs()` become one line
 * on standard error and exit code 1; any other error is a bug and keeps its stack.
 *
 * @param start - how a person starts this program, for the hint that another port can be chosen.
 */
export async function runProgram(start: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!isExpected(error)) throw error;
    const isTaken = 'code' in error && error.code === 'EADDRINUSE';
    const hint = `; choose another port (${start} 9999) or let the system choose one (${start} 0)`;
    console.error(isTaken ? `the port is taken: ${error.message}${hint}` : error.message);
    process.exitCode = 1;
  }
}

function isExpected(error: unknown): error is Error {
  if (error instanceof ExpectedFailure) return true;
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'));
}

/** Calls `stop` at the first signal that asks this program to end; the second one ends it at once. */
export function onStopSignal(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
}
