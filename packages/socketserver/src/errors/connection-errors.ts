import { SocketServerError } from './socket-server-error.ts';

/**
 * An operation met a connection that its own side had already closed or shut down, or that a drain ended.
 * `code` is `CONNECTION_CLOSED`.
 */
export class ConnectionClosedError extends SocketServerError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONNECTION_CLOSED', message, options);
  }

  static {
    this.prototype.name = 'ConnectionClosedError';
  }
}

/** An operation on a socket took longer than its timeout. `code` is `SOCKET_TIMEOUT`. */
export class SocketTimeoutError extends SocketServerError {
  /** The time allowed, in seconds, as given to `settimeout()`. */
  readonly seconds: number;

  constructor(operation: string, seconds: number) {
    super('SOCKET_TIMEOUT', `${operation} timed out after ${seconds} s`);
    this.seconds = seconds;
  }

  static {
    this.prototype.name = 'SocketTimeoutError';
  }
}

/** The stream ended in the middle of what was to be read. What did arrive stays readable. `code` is `INCOMPLETE_READ`. */
export class IncompleteReadError extends SocketServerError {
  /** Bytes that were there when the stream ended. */
  readonly received: number;
  /** Bytes that were asked for; `undefined` where a delimiter was. */
  readonly expected: number | undefined;

  constructor(received: number, expected: number | undefined) {
    const wanted = expected === undefined ? 'a delimiter' : `${expected} bytes`;
    super('INCOMPLETE_READ', `The stream ended after ${received} bytes, before ${wanted}`);
    this.received = received;
    this.expected = expected;
  }

  static {
    this.prototype.name = 'IncompleteReadError';
  }
}

/** A line or a message is longer than its reader allows. It stays readable. `code` is `MESSAGE_TOO_LONG`. */
export class MessageTooLongError extends SocketServerError {
  /** Bytes that were allowed. */
  readonly max: number;

  constructor(operation: string, max: number) {
    super('MESSAGE_TOO_LONG', `${operation} found no end of the message within ${max} bytes`);
    this.max = max;
  }

  static {
    this.prototype.name = 'MessageTooLongError';
  }
}
