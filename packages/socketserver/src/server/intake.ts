import type { RequestSource } from '../engine/contract.ts';
import type { MaybeRequest, TakenRequest } from './request-hooks.ts';
import type { RequestLoop } from './request-loop.ts';
import type { RunningRequests } from './running-requests.ts';
import { isPassing, isSystemError } from './system-error.ts';

/** What an {@link Intake} takes requests from, and gives them to. */
export interface IntakeParts<Request, Address> {
  readonly loop: RequestLoop;
  readonly running: RunningRequests;
  /** The bound socket. */
  readonly source: () => RequestSource;
  /** Requests that may be processed at once. */
  readonly maxActive: () => number;
  readonly getRequest: () => MaybeRequest<Request, Address>;
  readonly admit: (request: Request, clientAddress: Address) => Promise<void>;
  /** The system could not give a request. */
  readonly acceptFailed: (error: Error) => void;
}

/** Where requests come in: when one may be taken, how to wait for that, and the taking. */
export class Intake<Request, Address> {
  readonly #parts: IntakeParts<Request, Address>;
  #isSuspended = false;

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
    this.#parts.loop.wake(); // it stops asking the source
  }

  resume(): void {
    this.#isSuspended = false;
    this.#parts.loop.wake();
  }

  /** Whether a request waits, and may be taken. */
  get canTake(): boolean {
    return this.#mayTake && this.#parts.source().isReady;
  }

  /** Waits until a request may be there to take, somebody wakes the loop, or `ms` have passed. */
  wait(ms: number | undefined): Promise<void> {
    const { loop, source } = this.#parts;
    if (this.#mayTake) return loop.waitFor(source(), ms);
    source().notify(undefined);
    return loop.waitFor(undefined, ms);
  }

  /** One turn: from a request that waits to `processRequest`'s return. @throws what ends the loop. */
  async take(): Promise<void> {
    const { loop, getRequest, admit } = this.#parts;
    loop.handling();
    let taken: TakenRequest<Request, Address> | undefined;
    try {
      const next = getRequest();
      taken = next instanceof Promise ? await next : next;
      loop.recovered();
    } catch (error) {
      loop.waiting();
      if (!isSystemError(error)) throw error;
      this.#failed(error);
      return;
    }
    if (taken !== undefined) await admit(taken[0], taken[1]);
    loop.waiting();
  }

  /** A request that was processed has ended: the next one may be taken, if there was no room. */
  ended(): void {
    const { loop, running } = this.#parts;
    const wasFull = this.isFull;
    running.end();
    if (wasFull) loop.wake();
  }

  get #mayTake(): boolean {
    return !this.#isSuspended && !this.isFull;
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { loop, acceptFailed } = this.#parts;
    if (!isPassing(error)) loop.backOff();
    acceptFailed(error);
  }
}
