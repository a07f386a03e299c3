import { SocketServerError } from './socket-server-error.ts';

/**
 * There is no socket of systemd's to take, or none of that name, or several. `code` is `SOCKET_ACTIVATION`; the message
 * says what was passed and what would be right.
 */
export class SocketActivationError extends SocketServerError {
  /** The sockets that there are. */
  readonly passed: readonly { readonly fd: number; readonly name: string }[];

  constructor(message: string, passed: readonly { readonly fd: number; readonly name: string }[]) {
    super('SOCKET_ACTIVATION', message);
    this.passed = passed;
  }

  static {
    this.prototype.name = 'SocketActivationError';
  }
}
