/**
 * The base of every error that rcmd raises for conditions a program handles. Match on `code`. Misuse is a plain
 * `TypeError` or `RangeError`, and errors of the operating system (`ECONNREFUSED`) pass through untouched.
 */
export class RcmdError extends Error {
  /** A stable, upper-case identifier of the condition. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    this.prototype.name = 'RcmdError';
  }
}

/** The peer broke the protocol, or speaks another one. `code` is `PROTOCOL`; the connection is over. */
export class ProtocolError extends RcmdError {
  constructor(message: string, options?: ErrorOptions) {
    super('PROTOCOL', message, options);
  }

  static {
    this.prototype.name = 'ProtocolError';
  }
}
