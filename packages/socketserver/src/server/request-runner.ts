import type { SocketAddress } from '../address/socket-address.ts';
import { SystemExit } from '../errors/server-errors.ts';
import { PreparationFailed } from './preparation-failed.ts';
import type { RequestHooks } from './request-hooks.ts';
import type { RequestLedger } from './request-ledger.ts';
import type { RunningRequests } from './running-requests.ts';

/** What a {@link RequestRunner} calls, and tells how requests end. */
export interface RunnerParts<Request, Address extends SocketAddress> {
  readonly hooks: Pick<
    RequestHooks<Request, Address>,
    'verifyRequest' | 'processRequest' | 'shutdownRequest' | 'handleError'
  >;
  readonly ledger: RequestLedger<Request, Address>;
  readonly running: RunningRequests;
  /** A request is about to be processed. */
  readonly begin: (request: Request) => void;
  /** Runs its handler, within the deadlines. */
  readonly finish: (request: Request, clientAddress: Address) => Promise<void> | void;
  /** Ends a request in good order. */
  readonly endRequest: (request: Request) => Promise<void> | void;
  /** Frees one that could not be. */
  readonly abandonRequest: (request: Request) => void;
  /** Ends the loop with an error from beside it. */
  readonly fail: (error: unknown) => void;
  /** A request ends: calls `running.end()`, and lets the loop go on if there was no room. */
  readonly leave: () => void;
}

/** The life of a request from when it was taken: whether it is wanted, its handler, its errors, its end. */
export class RequestRunner<Request, Address extends SocketAddress> {
  readonly #parts: RunnerParts<Request, Address>;

  constructor(parts: RunnerParts<Request, Address>) {
    this.#parts = parts;
  }

  /** Verifies and processes a request that was taken, at once if it can. @throws what ends the loop. */
  admit(request: Request, clientAddress: Address): Promise<void> | void {
    const { ledger, running } = this.#parts;
    ledger.taken(request, clientAddress);
    running.begin();
    const admitted = this.#verify(request, clientAddress);
    if (admitted !== undefined) return this.#endAfter(admitted);
    running.end();
  }

  /** Runs the handler of a request and ends it, beside the loop: what goes wrong for good fails the loop. */
  run(request: Request, clientAddress: Address): Promise<void> | void {
    const { ledger, running, finish } = this.#parts;
    ledger.detached(request);
    running.begin();
    let finished: Promise<void> | void;
    try {
      finished = finish(request, clientAddress);
    } catch (error) {
      return this.#runFailed(request, clientAddress, error);
    }
    if (finished === undefined) return this.#served(request, clientAddress);
    // While its connection is idle these two weigh less than a suspended function would.
    return Promise.resolve(finished).then(
      () => this.#served(request, clientAddress),
      (error: unknown) => this.#runFailed(request, clientAddress, error),
    );
  }

  /** Has `handleError` learn what the handler of a request threw that was never taken here. */
  async failedElsewhere(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    const { ledger, running, leave, fail } = this.#parts;
    running.begin();
    ledger.failedElsewhere();
    try {
      await this.#tell(request, clientAddress, error);
    } catch (failure) {
      fail(failure);
    } finally {
      leave();
    }
  }

  async #endAfter(admitted: Promise<void>): Promise<void> {
    try {
      await admitted;
    } finally {
      this.#parts.running.end();
    }
  }

  /** The handler has returned. */
  #served(request: Request, clientAddress: Address): Promise<void> | void {
    const { ledger, endRequest, leave } = this.#parts;
    ledger.served(request, clientAddress);
    let ended: Promise<void> | void;
    try {
      ended = endRequest(request);
    } catch (error) {
      return this.#leaveAfter(this.#endFailed(request, clientAddress, error));
    }
    if (ended !== undefined) return this.#leaveAfter(this.#ended(ended, request, clientAddress));
    leave();
  }

  /** The handler has thrown. */
  #runFailed(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    this.#parts.ledger.failed(request, clientAddress, error);
    return this.#leaveAfter(this.#tellAndEnd(request, clientAddress, error));
  }

  /** Leaves when `ending` has settled, and fails the loop with what it throws. */
  async #leaveAfter(ending: Promise<void>): Promise<void> {
    const { leave, fail } = this.#parts;
    try {
      await ending;
    } catch (error) {
      fail(error);
    } finally {
      leave();
    }
  }

  /** Never throws by itself: what a hook throws comes as a rejection. */
  #verify(request: Request, clientAddress: Address): Promise<void> | void {
    const { hooks } = this.#parts;
    let verdict: Promise<boolean> | boolean;
    try {
      verdict = hooks.verifyRequest(request, clientAddress);
    } catch (error) {
      return this.#verifyFailed(request, clientAddress, error);
    }
    return verdict === true
      ? this.#process(request, clientAddress)
      : this.#verifyLater(verdict, request, clientAddress);
  }

  async #verifyLater(
    verdict: Promise<boolean> | boolean,
    request: Request,
    clientAddress: Address,
  ): Promise<void> {
    const { hooks, ledger } = this.#parts;
    let isWanted: boolean;
    try {
      isWanted = await verdict;
    } catch (error) {
      return this.#verifyFailed(request, clientAddress, error);
    }
    if (isWanted) {
      await this.#process(request, clientAddress);
    } else {
      ledger.refused(request, clientAddress);
      await hooks.shutdownRequest(request);
    }
  }

  async #verifyFailed(request: Request, clientAddress: Address, error: unknown): Promise<never> {
    const { hooks, ledger } = this.#parts;
    ledger.failed(request, clientAddress, error);
    await hooks.shutdownRequest(request);
    throw error;
  }

  #process(request: Request, clientAddress: Address): Promise<void> | void {
    const { hooks, ledger, begin } = this.#parts;
    begin(request);
    let processed: Promise<void> | void;
    try {
      processed = hooks.processRequest(request, clientAddress);
    } catch (error) {
      return this.#processFailed(request, clientAddress, error);
    }
    if (processed !== undefined) return this.#processLater(processed, request, clientAddress);
    ledger.processed(request, clientAddress);
  }

  async #processLater(processed: Promise<void>, request: Request, clientAddress: Address): Promise<void> {
    try {
      await processed;
    } catch (error) {
      return this.#processFailed(request, clientAddress, error);
    }
    this.#parts.ledger.processed(request, clientAddress);
  }

  #processFailed(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    this.#parts.ledger.processFailed(request, clientAddress, error);
    return this.#tellAndEnd(request, clientAddress, error);
  }

  async #tellAndEnd(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    try {
      await this.#tell(request, clientAddress, error);
    } finally {
      await this.#end(request, clientAddress);
    }
  }

  async #tell(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    if (error instanceof PreparationFailed) return;
    if (error instanceof SystemExit) throw error;
    await this.#parts.hooks.handleError(request, clientAddress, error);
  }

  async #end(request: Request, clientAddress: Address): Promise<void> {
    let ended: Promise<void> | void;
    try {
      ended = this.#parts.endRequest(request);
    } catch (error) {
      return this.#endFailed(request, clientAddress, error);
    }
    if (ended !== undefined) await this.#ended(ended, request, clientAddress);
  }

  async #ended(ended: Promise<void>, request: Request, clientAddress: Address): Promise<void> {
    try {
      await ended;
    } catch (error) {
      await this.#endFailed(request, clientAddress, error);
    }
  }

  /** A `shutdownRequest` that throws costs its own request, not the server. */
  async #endFailed(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    const { hooks, abandonRequest } = this.#parts;
    abandonRequest(request);
    await hooks.handleError(request, clientAddress, error);
  }
}
