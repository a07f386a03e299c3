import { SocketServerError } from './socket-server-error.ts';

/** What was asked for is not to be had on this platform or engine; the message names the alternative. `code` is `UNSUPPORTED`. */
export class UnsupportedError extends SocketServerError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNSUPPORTED', message, options);
  }

  static {
    this.prototype.name = 'UnsupportedError';
  }
}
