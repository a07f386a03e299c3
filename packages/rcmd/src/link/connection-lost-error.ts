import { RcmdError } from '../errors.ts';
import { escapeControls } from '../protocol/escape-controls.ts';
import type { GoAway } from '../protocol/go-away.ts';

/** Options of a {@link ConnectionLostError}. */
export interface ConnectionLoss extends ErrorOptions {
  readonly goAway?: GoAway | undefined;
}

/** The connection to the peer is over. `code` is `CONNECTION_LOST`. */
export class ConnectionLostError extends RcmdError {
  /** What the peer said before it left, as it came: the message has nothing in it that a terminal obeys. */
  readonly goAway: GoAway | undefined;

  constructor(why: string, { goAway, ...options }: ConnectionLoss = {}) {
    super('CONNECTION_LOST', `The connection was lost: ${escapeControls(why)}`, options);
    this.goAway = goAway;
  }

  static {
    this.prototype.name = 'ConnectionLostError';
  }
}
