import { RcmdError } from '../errors.ts';

/**
 * Something that the person at the keyboard can mend; the message says how, in one line. `code` is `USAGE` (the command line), `CONFIG` (the configuration)
 * or `REFUSED`.
 */
export class CliError extends RcmdError {
  static {
    this.prototype.name = 'CliError';
  }
}
