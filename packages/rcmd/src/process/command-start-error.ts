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
  const isShortage = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC'].includes(String(error.code));
  const message = `the system could not start it: ${error.message}`;
  return new CommandStartError(isShortage ? 'BUSY' : 'FAILED', message, { cause: error });
}
