import type { SocketAddress } from '../address/socket-address.ts';
import type { RequestTeller } from './request-teller.ts';
import type { RequestCounts } from './server-stats.ts';

/** Accounts for each request that a server takes, and tells: that it was taken, and once how it ended. */
export class RequestLedger<Request, Address extends SocketAddress> {
  readonly #counts: RequestCounts;
  readonly #teller: RequestTeller<Request, Address>;
  /** The request that the loop is at, until it is counted as ended or its handler runs beside the loop. */
  #admitted: Request | undefined;
  /** Requests that a `processRequest` of the user's let go of without a word: counted, whatever comes later. */
  #letGo: WeakSet<object> | undefined;

  constructor(counts: RequestCounts, teller: RequestTeller<Request, Address>) {
    this.#counts = counts;
    this.#teller = teller;
  }

  /** A request was taken. */
  taken(request: Request, clientAddress: Address): void {
    this.#counts.accepted += 1;
    this.#admitted = request;
    this.#teller.accepted(request, clientAddress);
  }

  /** Its handler runs beside the loop. */
  detached(request: Request): void {
    if (this.#admitted === request) this.#admitted = undefined;
  }

  /** It is not wanted. */
  refused(request: Request, clientAddress: Address): void {
    this.detached(request);
    this.#counts.refused += 1;
    this.#teller.refused(request, clientAddress);
  }

  /** Its handler has come to its end. */
  served(request: Request, clientAddress: Address): void {
    this.detached(request);
    if (this.#isLetGo(request)) return;
    this.#counts.served += 1;
    this.#teller.served(request, clientAddress);
  }

  /** Its handler has thrown, or was lost. */
  failed(request: Request, clientAddress: Address, error: unknown): void {
    this.detached(request);
    if (this.#isLetGo(request)) return;
    this.#counts.failed += 1;
    this.#teller.failed(request, clientAddress, error);
  }

  /** A request has failed that was taken elsewhere, and counted there: nobody was told of its beginning. */
  failedElsewhere(): void {
    this.#counts.failed += 1;
  }

  /** `processRequest` has returned. One of the user's may do whatever it wants with a request: that has ended then. */
  processed(request: Request, clientAddress: Address): void {
    if (this.#admitted !== request) return;
    this.served(request, clientAddress);
    this.#letGo ??= new WeakSet();
    if (isObject(request)) this.#letGo.add(request);
  }

  /** `processRequest` has thrown, perhaps after the handler had come to its end. */
  processFailed(request: Request, clientAddress: Address, error: unknown): void {
    if (this.#admitted === request) this.failed(request, clientAddress, error);
  }

  #isLetGo(request: Request): boolean {
    return this.#letGo !== undefined && isObject(request) && this.#letGo.has(request);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
