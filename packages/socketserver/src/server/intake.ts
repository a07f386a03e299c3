import type { RequestSource } from '../engine/contract/request-source.ts';
import type { MaybeRequest, TakenRequest } from './request-hooks.ts';
import type { RequestLoop } from './request-loop.ts';
import type { RunningRequests } from './running-requests.ts';
import { isPassing, isSystemError } from './system-error.ts';

/** What an {@link Intake} takes requests from, and gives them to. */
export interface IntakeParts<Request, Address> {
  readonly loop: RequestLoop;
  readonly running: RunningRequests;
  /** The bound socket; asked for requests only while there is one. */
  readonly source: () => RequestSource | undefined;
  /** Requests that may be processed at once. */
  readonly maxActive: () => number;
  readonly getRequest: () => MaybeRequest<Request, Address>;
  readonly admit: (request: Request, clientAddress: Address) => Promise<void> | void;
  /** The system could not give a request. */
  readonly acceptFailed: (error: Error) => void;
}

/** Where requests come in: when one may be taken, how to wait for that, and the taking. */
export class Intake<Request, Address> {
  readonly #parts: IntakeParts<Request, Address>;
  #isSuspended = false;
  #isLent = false;

  constructor(parts: IntakeParts<Request, Address>) {
    this.#parts = parts;
  }

  /** Whether as many requests are processed as may be. */
  get isFull(): boolean {
    const { running, maxActive } = this.#parts;
    return running.processing >= maxActive();
  }

  /** Whether {@link suspend} holds. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Takes no request until {@link resume}: those that come wait where they are. */
  suspend(): void {
    this.#isSuspended = true;
    this.#parts.source()?.notify(undefined);
    this.#parts.loop.wake(); // it goes on waiting, without the source
  }

  resume(): void {
    this.#isSuspended = false;
    this.#parts.loop.wake();
  }

  /** Takes no request until {@link takeBack}: others take them. */
  lend(): void {
    this.#isLent = true;
    this.#parts.source()?.notify(undefined);
  }

  takeBack(): void {
    this.#isLent = false;
    this.#parts.loop.wake();
  }

  /** Whether a request waits, and may be taken. */
  get canTake(): boolean {
    return this.#mayTake() && this.#parts.source()!.isReady;
  }

  /** Waits until a request may be there to take, somebody wakes the loop, or `ms` have passed. */
  wait(ms: number | undefined): Promise<void> {
    const { loop, source } = this.#parts;
    if (this.#mayTake()) return loop.waitFor(source(), ms);
    source()!.notify(undefined);
    return loop.waitFor(undefined, ms);
  }

  /**
   * One turn: from a request that waits to `processRequest`'s return. Does it at once where no hook has to be waited for,
   * since a datagram's handler may cost less than the promises of its server. @throws what ends the loop.
   */
  take(): Promise<void> | void {
    const { loop, getRequest } = this.#parts;
    loop.handling();
    let next: MaybeRequest<Request, Address>;
    try {
      next = getRequest();
    } catch (error) {
      this.#failed(error);
      return;
    }
    return next instanceof Promise ? this.#takeLater(next) : this.#admit(next);
  }

  /** A request that was processed has ended: the next one may be taken, if there was no room. */
  ended(): void {
    const { loop, running } = this.#parts;
    const wasFull = this.isFull;
    running.end();
    if (wasFull) loop.wake();
  }

  #mayTake(): boolean {
    return !this.#isSuspended && !this.#isLent && !this.isFull;
  }

  async #takeLater(next: Promise<TakenRequest<Request, Address> | undefined>): Promise<void> {
    let taken: TakenRequest<Request, Address> | undefined;
    try {
      taken = await next;
    } catch (error) {
      this.#failed(error);
      return;
    }
    await this.#admit(taken);
  }

  #admit(taken: TakenRequest<Request, Address> | undefined): Promise<void> | void {
    const { loop, admit } = this.#parts;
    loop.recovered();
    const admitted = taken && admit(taken[0], taken[1]);
    if (admitted !== undefined) return this.#admitLater(admitted);
    loop.waiting();
  }

  async #admitLater(admitted: Promise<void>): Promise<void> {
    await admitted;
    this.#parts.loop.waiting();
  }

  /** No request could be taken. @throws what is not the system's fault. */
  #failed(error: unknown): void {
    const { loop, acceptFailed } = this.#parts;
    loop.waiting();
    if (!isSystemError(error)) throw error;
    if (!isPassing(error)) loop.backOff();
    acceptFailed(error);
  }
}
