import { RcmdError } from '../errors.ts';

/**
 * Something that the person at the keyboard can mend; the message says how, in one line. `code` is `USAGE` (the command line), `CONFIG` (the configuration),
 * `REFUSED`, or what another error had that it explains, such as `ECONNREFUSED`.
 */
export class CliError extends RcmdError {
  static {
    this.prototype.name = 'CliError';
  }
}
