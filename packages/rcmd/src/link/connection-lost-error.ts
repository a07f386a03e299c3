import { RcmdError } from '../errors.ts';
import { escapeControls } from '../protocol/escape-controls.ts';
import type { GoAway } from '../protocol/go-away.ts';

/** Options of a {@link ConnectionLostError}. */
export interface ConnectionLoss extends ErrorOptions {
  readonly goAway?: GoAway | undefined;
  /** Whether one of both sides meant it to end. Default `false`. */
  readonly isMeant?: boolean | undefined;
}

/** The connection to the peer is over: lost, or ended as somebody meant it to. `code` is `CONNECTION_LOST`. */
export class ConnectionLostError extends RcmdError {
  /** What the peer said before it left, as it came: the message has nothing in it that a terminal obeys. */
  readonly goAway: GoAway | undefined;

  /** Whether one of both sides meant it to end. */
  readonly isMeant: boolean;
  /** The message without what kind of end that is. */
  readonly why: string;

  constructor(why: string, { goAway, isMeant = false, ...options }: ConnectionLoss = {}) {
    const what = isMeant ? 'The connection has ended' : 'The connection was lost';
    const escaped = escapeControls(why);
    super('CONNECTION_LOST', `${what}: ${escaped}`, options);
    this.why = escaped;
    this.goAway = goAway;
    this.isMeant = isMeant;
  }

  static {
    this.prototype.name = 'ConnectionLostError';
  }
}
