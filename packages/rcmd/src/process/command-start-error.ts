import { RcmdError } from '../errors.ts';
import type { CommandFailureCode } from '../protocol/command-end.ts';

/** A command was not started. `code` is why. */
export class CommandStartError extends RcmdError {
  declare readonly code: CommandFailureCode;

  static {
    this.prototype.name = 'CommandStartError';
  }
}

/** What an error of the system while a command is started means for who asked for it. */
export function startErrorOf(error: unknown): unknown {
  if (error instanceof CommandStartError || !(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'E2BIG') {
    const message =
      'its arguments and variables are together more than this system starts a program with: give it less, or send it through the input';
    return new CommandStartError('BAD_REQUEST', message, { cause: error });
  }
  const isShortage = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC'].includes(String(error.code));
  const message = `the system could not start it: ${error.message}`;
  return new CommandStartError(isShortage ? 'BUSY' : 'FAILED', message, { cause: error });
}
