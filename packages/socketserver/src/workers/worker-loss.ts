import { HandlerModuleError, WorkerLostError, type WorkerLossReason } from '../errors/worker-errors.ts';
import type { HandlerReference } from './handler-module.ts';
import type { Worker, WorkerExit } from './worker.ts';

/** What is known of a worker that is gone. */
export interface LostWorker {
  readonly worker: Worker;
  readonly handler: HandlerReference;
  readonly exit: WorkerExit;
  /** Whether it was gone before it had loaded its handler. */
  readonly wasStarting: boolean;
  /** Why the pool ended it by force. */
  readonly endReason: WorkerLossReason | undefined;
  /** Why it could not load its handler. */
  readonly loadError: unknown;
}

/** The error that the requests of a lost worker get, or whoever waits for its start. */
export function lossError({ worker, handler, exit, wasStarting, endReason, loadError }: LostWorker): Error {
  const { exitCode, signal } = exit;
  const cause = loadError ?? exit.error;
  if (isHandlerModuleError(cause)) return cause;
  const { kind, id } = worker;
  const reason = endReason ?? (signal !== undefined ? 'signal' : cause === undefined ? 'exit' : 'error');
  const how = describeLoss(reason, { exitCode, signal, error: cause });
  const isSystemError = cause instanceof Error && 'syscall' in cause && loadError !== undefined;
  if (wasStarting && endReason === undefined && !isSystemError) {
    const { className, module } = handler;
    return new HandlerModuleError(
      `A worker cannot load ${className}: the ${kind} that imported its module ${module} ${how}`,
      handler,
      { cause },
    );
  }
  return new WorkerLostError(`The ${kind} ${id} that served the request ${how}`, {
    kind,
    worker: id,
    reason,
    exitCode,
    signal,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The error of a worker that has not loaded its handler in time. */
export function slowStartError(handler: HandlerReference, ms: number): HandlerModuleError {
  const { className, module } = handler;
  return new HandlerModuleError(
    `A worker cannot load ${className}: its module ${module} was not` +
      ` loaded within ${ms} ms; does it wait for something at its top level?`,
    handler,
  );
}

/** By its code, since an error that a thread did not catch has lost its class. */
export function isHandlerModuleError(error: unknown): error is HandlerModuleError {
  return error instanceof Error && 'code' in error && error.code === 'HANDLER_MODULE';
}

function describeLoss(reason: WorkerLossReason, { exitCode, signal, error }: WorkerExit): string {
  const descriptions: Readonly<Record<WorkerLossReason, string>> = {
    blocked: 'was ended because its event loop was blocked',
    closed: 'was ended because the server closed',
    signal: `was killed by ${signal}`,
    error: `ended with an error: ${error instanceof Error ? error.message : String(error)}`,
    exit: `exited with status ${exitCode}`,
  };
  return descriptions[reason];
}
