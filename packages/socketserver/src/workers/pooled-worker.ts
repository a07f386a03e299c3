import { HandlerModuleError, WorkerLostError, type WorkerLossReason } from '../errors.ts';
import type { OwnSocket, Report, ToWorker, WorkerLoad, WorkerStart } from './messages.ts';
import type { PlainDatagram } from './own-requests.ts';
import type { PooledRequest } from './pooled-request.ts';
import type { Worker, WorkerExit, WorkerListener } from './worker.ts';
import type { ResolvedWorkerOptions } from './worker-options.ts';

/** What `server.stats()` tells about one worker. */
export interface WorkerStats {
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly id: number;
  readonly state: 'starting' | 'ready' | 'retiring';
  /** Whether its event loop does not answer. */
  readonly isBlocked: boolean;
  /** Requests that it serves. */
  readonly active: number;
  /** Requests that it has served, with those that failed. */
  readonly served: number;
  /** Share of time that its event loop was busy, 0 to 1, of late. */
  readonly utilization: number;
  /** JavaScript heap in use, as it last reported; 0 before its first request. */
  readonly heapBytes: number;
  /** Crashes of the workers that it is the replacement of. */
  readonly restarts: number;
}

/** One worker of a pool, and what it is doing. */
export class PooledWorker {
  readonly worker: Worker;
  readonly restarts: number;
  readonly #start: WorkerStart;
  readonly #startedAt = performance.now();
  /** Requests whose handlers run. */
  readonly requests = new Map<number, PooledRequest>();
  /** Requests whose connections are open: some of `requests`, and some whose last bytes still go out. */
  readonly #connections = new Map<number, PooledRequest>();
  readonly #started = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  state: 'starting' | 'ready' | 'retiring' | 'gone' = 'starting';
  /** When it was asked whether it answers; `undefined` when it has. */
  askedAt: number | undefined;
  /** It did not answer for so long that it was reported. */
  isBlocked = false;
  /** Since when it serves nothing. */
  idleSince = performance.now();
  /** Somebody waits for its start, and nobody else needs to know if that fails. */
  isTrial = false;
  /** A fresh worker takes its place as soon as that is ready. */
  isOutdated = false;
  /** Why the pool ended it by force. */
  endReason: WorkerLossReason | undefined;
  /** Why it could not load its handler. */
  loadError: unknown;
  /** Datagrams of its own socket whose handlers go down with it, as far as it could tell. */
  leaving: readonly PlainDatagram[] = [];
  #hasSocket: boolean;
  /** Sockets that it was told to close, and has not said to have. */
  #closingSockets = 0;
  #ownRunning = 0;
  #served = 0;
  #load: WorkerLoad = { heapBytes: 0, utilization: 0 };

  /** @param listener - gets everything that the worker says. */
  constructor(
    start: WorkerStart,
    {
      restarts,
      create,
      listener,
    }: {
      readonly restarts: number;
      readonly create: (start: WorkerStart, listener: WorkerListener) => Worker;
      readonly listener: (pooled: PooledWorker) => WorkerListener;
    },
  ) {
    this.#start = start;
    this.#hasSocket = start.socket !== undefined;
    this.restarts = restarts;
    this.#started.promise.catch(() => undefined); // whoever wants to know asks
    this.worker = create(start, listener(this));
  }

  /** Settles when the handler is loaded, or cannot be. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when the worker is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Whether it would take a further request at once. One that has nothing to do, and no socket, is not looked at. */
  get answersNow(): boolean {
    const isAtRest = this.requests.size === 0 && !this.#hasSocket;
    return this.askedAt === undefined && (isAtRest || this.worker.isIdleNow === true);
  }

  /** Whether handlers run in it, or connections are open. */
  get hasWork(): boolean {
    return this.active > 0 || this.#connections.size > 0;
  }

  /** Requests that it serves, as far as is known of those that it took itself. */
  get active(): number {
    return this.requests.size + this.#ownRunning;
  }

  /** Whether it receives datagrams from a socket of its own. */
  get hasSocket(): boolean {
    return this.#hasSocket;
  }

  /** Whether no request can come from its own socket, and none of those that did is served. */
  get isQuiet(): boolean {
    return !this.#hasSocket && this.#closingSockets === 0 && this.#ownRunning === 0;
  }

  /** Has it receive from a socket of its own. Idempotent. */
  receive(socket: OwnSocket): void {
    if (this.#hasSocket) return;
    this.#hasSocket = true;
    this.send({ type: 'receive', socket });
  }

  /** Has it close its own socket. Idempotent. @param servesWaiting - whether what has come already is served. */
  stopReceiving(servesWaiting: boolean): void {
    if (!this.#hasSocket) return;
    this.#hasSocket = false;
    this.#closingSockets += 1;
    this.send({ type: 'stop-receiving', servesWaiting });
  }

  /** It has closed its own socket. */
  stoppedReceiving(): void {
    this.#closingSockets -= 1;
  }

  send(message: ToWorker): void {
    if (this.state !== 'gone') this.worker.send(message);
  }

  /** @returns whether the request is on its way. */
  serve(request: PooledRequest): boolean {
    if (!request.handTo(this.worker)) return false;
    this.requests.set(request.id, request);
    if (request.hasConnection) this.#connections.set(request.id, request);
    return true;
  }

  /** Asks whether the event loop answers. */
  ask(): void {
    if (this.askedAt !== undefined) return;
    this.askedAt = performance.now();
    this.send({ type: 'ping' });
  }

  answered(): void {
    this.askedAt = undefined;
    this.isBlocked = false;
  }

  /** The handler is loaded. */
  ready(): void {
    this.state = 'ready';
    this.idleSince = performance.now();
    this.#started.resolve();
  }

  /** The handler was not loaded in time. */
  tooSlow(ms: number): void {
    this.loadError ??= new HandlerModuleError(
      `A worker cannot load ${this.#start.handler.className}: its module ${this.#start.handler.module} was not` +
        ` loaded within ${ms} ms; does it wait for something at its top level?`,
      this.#start.handler,
    );
    this.worker.terminate();
  }

  /** Takes the news of a report. @returns requests that ended. */
  reported({ ended, closed, load, own }: Report): number {
    this.#load = load ?? this.#load;
    for (const counts of closed) {
      this.#connections.get(counts.id)?.connectionClosed(counts);
      this.#connections.delete(counts.id);
    }
    for (const outcome of ended) {
      const request = this.requests.get(outcome.id);
      this.requests.delete(outcome.id);
      request?.reported(outcome);
    }
    const count = ended.length + (own === undefined ? 0 : own.served + own.failed.length);
    this.#ownRunning = own?.running ?? this.#ownRunning;
    this.#served += count;
    if (this.active === 0) this.idleSince = performance.now();
    return count;
  }

  hasServedItsTime({ maxRequests, maxAgeMs, maxHeapMb }: ResolvedWorkerOptions): boolean {
    return (
      this.#served >= maxRequests ||
      performance.now() - this.#startedAt >= maxAgeMs ||
      this.#load.heapBytes >= maxHeapMb * 1_048_576
    );
  }

  /** The worker is gone, and with it what it served. @returns the error that its requests got. */
  exited(exit: WorkerExit): Error {
    const error = this.#lossOf(exit);
    this.state = 'gone';
    this.#hasSocket = false;
    this.#closingSockets = 0;
    this.#ownRunning = 0;
    this.#started.reject(error);
    this.#gone.resolve();
    for (const request of this.#connections.values()) request.connectionClosed(undefined);
    for (const request of this.requests.values()) request.end({ error });
    return error;
  }

  stats(): WorkerStats {
    const { kind, id } = this.worker;
    return {
      kind,
      id,
      state: this.state === 'gone' ? 'retiring' : this.state,
      isBlocked: this.isBlocked,
      active: this.active,
      served: this.#served,
      utilization: this.worker.utilization ?? this.#load.utilization,
      heapBytes: this.#load.heapBytes,
      restarts: this.restarts,
    };
  }

  #lossOf({ exitCode, signal, error }: WorkerExit): Error {
    const cause = this.loadError ?? error;
    if (isHandlerModuleError(cause)) return cause;
    const { kind, id } = this.worker;
    const reason =
      this.endReason ?? (signal !== undefined ? 'signal' : cause === undefined ? 'exit' : 'error');
    const how = describeLoss(reason, { exitCode, signal, error: cause });
    const isSystemError = cause instanceof Error && 'syscall' in cause && this.loadError !== undefined;
    if (this.state === 'starting' && this.endReason === undefined && !isSystemError) {
      const { className, module } = this.#start.handler;
      return new HandlerModuleError(
        `A worker cannot load ${className}: the ${kind} that imported its module ${module} ${how}`,
        this.#start.handler,
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
