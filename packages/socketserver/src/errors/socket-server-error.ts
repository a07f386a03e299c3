/**
 * The base of every error that this library raises for conditions a program handles. Match on `code`:
 * `instanceof` fails where two copies of the library meet. Misuse is a plain `TypeError` or `RangeError`,
 * and errors of the operating system (`ECONNRESET`, `EADDRINUSE`) pass through untouched.
 */
export class SocketServerError extends Error {
  /** A stable, upper-case identifier of the condition. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    this.prototype.name = 'SocketServerError';
  }
}
