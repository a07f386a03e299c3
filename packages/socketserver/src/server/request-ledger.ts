import type { RequestCounts } from './server-stats.ts';

/** Accounts for each request that a server takes: that it was taken, and once how it ended. */
export class RequestLedger<Request> {
  readonly #counts: RequestCounts;
  /** The request that the loop is at, until it is counted as ended or its handler runs beside the loop. */
  #admitted: Request | undefined;
  /** Requests that a `processRequest` of the user's let go of without a word: counted, whatever comes later. */
  #letGo: WeakSet<object> | undefined;

  constructor(counts: RequestCounts) {
    this.#counts = counts;
  }

  /** A request was taken. */
  taken(request: Request): void {
    this.#counts.accepted += 1;
    this.#admitted = request;
  }

  /** Its handler runs beside the loop. */
  detached(request: Request): void {
    if (this.#admitted === request) this.#admitted = undefined;
  }

  /** It is not wanted. */
  refused(request: Request): void {
    this.detached(request);
    this.#counts.refused += 1;
  }

  /** Its handler has come to its end. */
  served(request: Request): void {
    this.detached(request);
    if (!this.#isLetGo(request)) this.#counts.served += 1;
  }

  /** Its handler has thrown, or was lost. */
  failed(request: Request): void {
    this.detached(request);
    if (!this.#isLetGo(request)) this.#counts.failed += 1;
  }

  /** `processRequest` has returned. One of the user's may do whatever it wants with a request: that has ended then. */
  processed(request: Request): void {
    if (this.#admitted !== request) return;
    this.served(request);
    this.#letGo ??= new WeakSet();
    if (isObject(request)) this.#letGo.add(request);
  }

  /** `processRequest` has thrown, perhaps after the handler had come to its end. */
  processFailed(request: Request): void {
    if (this.#admitted === request) this.failed(request);
  }

  #isLetGo(request: Request): boolean {
    return this.#letGo !== undefined && isObject(request) && this.#letGo.has(request);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
