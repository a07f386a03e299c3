import { SocketServerError } from './socket-server-error.ts';

/** Why a worker is gone: it exited, was killed, threw outside of a request, was blocked too long, or its server closed. */
export type WorkerLossReason = 'exit' | 'signal' | 'error' | 'blocked' | 'closed';

/** Fields of a {@link WorkerLostError}. */
export interface WorkerLoss extends ErrorOptions {
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly worker: number;
  readonly reason: WorkerLossReason;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/**
 * The thread or process that served a request is gone, and with it the connection. `handleError` learns of each
 * request that was lost. `code` is `WORKER_LOST`.
 */
export class WorkerLostError extends SocketServerError {
  readonly kind: 'thread' | 'process';
  readonly worker: number;
  readonly reason: WorkerLossReason;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;

  constructor(message: string, loss: WorkerLoss) {
    super('WORKER_LOST', message, 'cause' in loss ? { cause: loss.cause } : undefined);
    this.kind = loss.kind;
    this.worker = loss.worker;
    this.reason = loss.reason;
    this.exitCode = loss.exitCode;
    this.signal = loss.signal;
  }

  static {
    this.prototype.name = 'WorkerLostError';
  }
}

/**
 * A worker cannot load the handler class: its module cannot be imported, does not export the class under its name,
 * or starts a server when it is imported. `code` is `HANDLER_MODULE`.
 */
export class HandlerModuleError extends SocketServerError {
  /** The class that was asked for. */
  readonly className: string;
  /** The URL of the module. */
  readonly module: string;

  constructor(
    message: string,
    at: { readonly className: string; readonly module: string },
    options?: ErrorOptions,
  ) {
    super('HANDLER_MODULE', message, options);
    this.className = at.className;
    this.module = at.module;
  }

  static {
    this.prototype.name = 'HandlerModuleError';
  }
}
