import type { SocketAddress } from '../address/socket-address.ts';
import { SystemExit } from '../errors.ts';
import { PreparationFailed } from './preparation-failed.ts';
import type { RequestHooks } from './request-hooks.ts';
import type { RunningRequests } from './running-requests.ts';
import type { RequestCounts } from './server-stats.ts';

/** What a {@link RequestRunner} calls, and counts. */
export interface RunnerParts<Request, Address extends SocketAddress> {
  readonly hooks: Pick<
    RequestHooks<Request, Address>,
    'verifyRequest' | 'processRequest' | 'shutdownRequest' | 'handleError'
  >;
  readonly counts: RequestCounts;
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

  /** Verifies and processes a request that was taken. @throws what ends the loop. */
  async admit(request: Request, clientAddress: Address): Promise<void> {
    const { counts, running } = this.#parts;
    counts.accepted += 1;
    running.begin();
    try {
      await this.#verify(request, clientAddress);
    } finally {
      running.end();
    }
  }

  /** Runs the handler of a request and ends it, beside the loop: what goes wrong for good fails the loop. */
  async run(request: Request, clientAddress: Address): Promise<void> {
    const { counts, running, finish, leave, fail } = this.#parts;
    running.begin();
    try {
      try {
        await finish(request, clientAddress);
        counts.served += 1;
      } catch (error) {
        await this.#failed(request, clientAddress, error);
      } finally {
        await this.#end(request, clientAddress);
      }
    } catch (error) {
      fail(error);
    } finally {
      leave();
    }
  }

  /** Has `handleError` learn what the handler of a request threw that was never taken here. */
  async failedElsewhere(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    const { running, leave, fail } = this.#parts;
    running.begin();
    try {
      await this.#failed(request, clientAddress, error);
    } catch (failure) {
      fail(failure);
    } finally {
      leave();
    }
  }

  async #verify(request: Request, clientAddress: Address): Promise<void> {
    const { hooks, counts, begin } = this.#parts;
    if (!(await this.#isWanted(request, clientAddress))) {
      counts.refused += 1;
      await hooks.shutdownRequest(request);
      return;
    }
    begin(request);
    try {
      await hooks.processRequest(request, clientAddress);
    } catch (error) {
      try {
        await this.#failed(request, clientAddress, error);
      } finally {
        await this.#end(request, clientAddress);
      }
    }
  }

  async #isWanted(request: Request, clientAddress: Address): Promise<boolean> {
    const { hooks, counts } = this.#parts;
    try {
      const verdict = hooks.verifyRequest(request, clientAddress);
      return verdict === true || (await verdict);
    } catch (error) {
      counts.failed += 1;
      await hooks.shutdownRequest(request);
      throw error;
    }
  }

  async #failed(request: Request, clientAddress: Address, error: unknown): Promise<void> {
    const { hooks, counts } = this.#parts;
    counts.failed += 1;
    if (error instanceof PreparationFailed) return;
    if (error instanceof SystemExit) throw error;
    await hooks.handleError(request, clientAddress, error);
  }

  /** A `shutdownRequest` that throws costs its own request, not the server. */
  async #end(request: Request, clientAddress: Address): Promise<void> {
    const { hooks, endRequest, abandonRequest } = this.#parts;
    try {
      const ended = endRequest(request);
      if (ended !== undefined) await ended;
    } catch (error) {
      abandonRequest(request);
      await hooks.handleError(request, clientAddress, error);
    }
  }
}
