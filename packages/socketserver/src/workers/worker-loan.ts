import type { Listener } from '../engine/contract/connection.ts';
import type { Loan, LoanState } from '../engine/contract/loan.ts';
import type { LentRequests } from './lent-requests.ts';
import type { Worker } from './worker.ts';

/** The server's listener, while a worker has it on loan. */
export class WorkerLoan {
  readonly #requests: LentRequests;
  #loan: Loan | undefined;
  #state: LoanState = 'over';

  /** @param requests - learns of those that the worker takes. */
  constructor(requests: LentRequests) {
    this.#requests = requests;
  }

  /** Whether the worker has it, or has had it and {@link over} was not called since. */
  get isOpen(): boolean {
    return this.#loan !== undefined;
  }

  /** Whether the worker takes clients, as far as was known at the last {@link look}. */
  get state(): LoanState {
    return this.#state;
  }

  /** For how many milliseconds the worker had a core so far, as of the last {@link look}. */
  get cpuMs(): number {
    return this.#loan?.cpuMs ?? 0;
  }

  /** Whether clients wait that it may take. */
  get leavesWaiting(): boolean {
    return this.#loan?.hasClients === true;
  }

  /** Lets a worker take clients itself. @returns whether it does: a thread may be on its way out. */
  begin(
    worker: Worker,
    listener: Listener,
    terms: { readonly number: number; readonly quota: number },
  ): boolean {
    this.#loan = worker.lend?.(listener, terms);
    if (this.#loan !== undefined) this.#state = 'out';
    return this.#loan !== undefined;
  }

  /** @returns whether the worker has taken clients since. */
  look(now: number): boolean {
    if (this.#loan === undefined) return false;
    let count = 0;
    this.#state = this.#loan.look((number, clientAddress) => {
      count += 1;
      this.#requests.came(number, clientAddress, now);
    });
    return count > 0;
  }

  /** The worker takes no client any more, from now on. @returns the number of the next one. */
  takeBack(): number {
    return this.#loan!.end();
  }

  /** After {@link takeBack}, and a last {@link look}. */
  over(): void {
    this.#loan = undefined;
    this.#state = 'over';
  }
}
