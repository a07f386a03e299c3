import type { Clock } from '../engine/clock.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { ServerBusyError } from '../errors/server-errors.ts';
import { WakeUp } from './wake-up.ts';

/** Pauses after the system ran out of descriptors or memory: doubled from the first to the last. */
const firstBackOffMs = 5;
const lastBackOffMs = 1_000;

/** What the loop of a server is doing, and how others stop, wake and fail it. */
export class RequestLoop {
  readonly #wakeUp: WakeUp;
  /** `handling` covers everything from a request's arrival to `processRequest`'s return. */
  #state: 'stopped' | 'waiting' | 'handling' = 'stopped';
  /** A wait for one request is not stopped: it has its timeout. */
  #canBeStopped = false;
  #stopIsRequested = false;
  #stopped: (() => void)[] = [];
  #hasRun = false;
  #backOffMs = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(clock: Clock) {
    this.#wakeUp = new WakeUp(clock);
  }

  /** Whether no further request is to be taken. */
  get mustStop(): boolean {
    return this.#stopIsRequested || this.#failure !== undefined;
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Whether `serveForever()` runs. */
  get isServing(): boolean {
    return this.#state !== 'stopped' && this.#canBeStopped;
  }

  /** Whether it ever ran. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** Milliseconds until the next try to take a request; 0 while all is well. */
  get backOffMs(): number {
    return this.#backOffMs;
  }

  /** @throws ServerBusyError while the loop runs already; what {@link fail} was given while none ran. */
  begin(action: 'serveForever' | 'handleRequest'): void {
    if (this.#state !== 'stopped') throw new ServerBusyError(action);
    this.throwFailure();
    this.#state = 'waiting';
    this.#hasRun = true;
    this.#canBeStopped = action === 'serveForever';
  }

  end(): void {
    this.#state = 'stopped';
    const waiters = this.#stopped;
    this.#stopped = [];
    for (const resolve of waiters) resolve();
  }

  handling(): void {
    this.#state = 'handling';
  }

  waiting(): void {
    this.#state = 'waiting';
  }

  /** Asks the loop to stop; it remembers that until {@link forgetStop}. Resolves when it has, or only has to finish a request. */
  stop(): Promise<void> {
    this.#stopIsRequested = true;
    this.wake();
    if (this.#state !== 'waiting' || !this.#canBeStopped) return Promise.resolve();
    return new Promise((resolve) => this.#stopped.push(resolve));
  }

  /** Resolves when the loop has ended, whoever asked for that. */
  whenStopped(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => this.#stopped.push(resolve));
  }

  forgetStop(): void {
    this.#stopIsRequested = false;
  }

  /** Ends the loop with an error from beside it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.wake();
  }

  throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /** Lets a loop that waits look around. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Waits until `source` has a request (where one may be taken), somebody wakes the loop, or `ms` have passed. */
  waitFor(source: RequestSource | undefined, ms: number | undefined): Promise<void> {
    source?.notify(this.#wakeUp.wake);
    return this.#wakeUp.wait({ ms });
  }

  /** The system is short of what taking a request needs: the next try comes after a pause. */
  backOff(): void {
    this.#backOffMs = Math.min(lastBackOffMs, Math.max(firstBackOffMs, this.#backOffMs * 2));
  }

  recovered(): void {
    this.#backOffMs = 0;
  }
}
