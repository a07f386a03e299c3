import { SocketServerError } from './socket-server-error.ts';

/** A server was asked to take requests after `serverClose()`. `code` is `SERVER_CLOSED`. */
export class ServerClosedError extends SocketServerError {
  constructor(action: string) {
    super('SERVER_CLOSED', `Cannot ${action}: the server is closed; construct a new one`);
  }

  static {
    this.prototype.name = 'ServerClosedError';
  }
}

/** Two loops on one server: `serveForever()` or `handleRequest()` while one of them runs. `code` is `SERVER_BUSY`. */
export class ServerBusyError extends SocketServerError {
  constructor(action: string) {
    super('SERVER_BUSY', `Cannot ${action}: the server is taking requests already; call shutdown() first`);
  }

  static {
    this.prototype.name = 'ServerBusyError';
  }
}

/** The reason on `request.signal` while its server drains: finish soon or be ended. `code` is `SERVER_DRAINING`. */
export class ServerDrainingError extends SocketServerError {
  /** Milliseconds between the abort of the signal and the forced end of the request. */
  readonly drainMs: number;
  /** Whether the end is forced before its time, as by a second signal: what operations fail with then. */
  readonly isForced: boolean;

  constructor(drainMs: number, { isForced = false }: { readonly isForced?: boolean } = {}) {
    const when = isForced ? 'at once' : `after ${drainMs} ms`;
    super('SERVER_DRAINING', `The server is draining: requests are ended ${when}`);
    this.drainMs = drainMs;
    this.isForced = isForced;
  }

  static {
    this.prototype.name = 'ServerDrainingError';
  }
}

/**
 * Thrown by a handler, passes `handleError` by and leaves `serveForever()` or `handleRequest()`, after the
 * request was shut down: the counterpart of Python's `SystemExit`, for a handler that means to stop the server.
 * `code` is `SYSTEM_EXIT`.
 */
export class SystemExit extends SocketServerError {
  /** The status that the program may want to exit with. */
  readonly exitStatus: number;

  constructor(exitStatus = 0) {
    super('SYSTEM_EXIT', `A handler asked the server to stop, with status ${exitStatus}`);
    this.exitStatus = exitStatus;
  }

  static {
    this.prototype.name = 'SystemExit';
  }
}
