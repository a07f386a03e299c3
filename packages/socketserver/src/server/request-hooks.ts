import { formatAddress, type SocketAddress } from '../address/socket-address.ts';
import { RequestTimeoutError } from '../errors/request-timeout-error.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';
import { runHandler } from '../handlers/run-handler.ts';
import type { ServerView } from '../handlers/server-view.ts';
import { formatFailure } from './format-failure.ts';
import { RequestCounts } from './server-stats.ts';

/** A request and where it came from: what `getRequest()` gives. */
export type TakenRequest<Request, Address> = readonly [request: Request, clientAddress: Address];

/** What `getRequest()` gives, now or later; nothing when the request went away meanwhile. */
export type MaybeRequest<Request, Address> =
  Promise<TakenRequest<Request, Address> | undefined> | TakenRequest<Request, Address> | undefined;

/**
 * What a server's users may override: the way of a request from the socket to its handler and back, hook by hook, in the
 * order in which they are called.
 *
 * @see CPython `socketserver.BaseServer`
 */
export abstract class RequestHooks<Request, Address extends SocketAddress> implements ServerView {
  abstract readonly RequestHandlerClass: RequestHandlerClass<Request, Address>;
  abstract readonly serverAddress: Address;
  abstract readonly workerData: unknown;
  abstract readonly engine: ServerView['engine'];
  abstract shutdown(): Promise<void>;

  /** Transports of this package add the bytes. */
  protected readonly counts = new RequestCounts();

  /**
   * Takes the next request, which is known to wait; `undefined` if it went away meanwhile.
   *
   * An error of the operating system thrown here is published and the loop goes on; any other ends the loop.
   */
  abstract getRequest(): MaybeRequest<Request, Address>;

  /** Decides whether to process a request: `false` shuts it down. What it throws ends the loop. */
  verifyRequest(_request: Request, _clientAddress: Address): Promise<boolean> | boolean {
    return true;
  }

  /**
   * Processes a request: here one after the other, until it has ended. Mixins override it. An error thrown here
   * goes to `handleError`.
   */
  processRequest(request: Request, clientAddress: Address): Promise<void> | void {
    const handled = this.finishInTime(request, clientAddress);
    if (handled === undefined) return this.#servedHere(request, clientAddress);
    return Promise.resolve(handled).then(() => this.#servedHere(request, clientAddress));
  }

  /** Makes the handler object and lets it serve the request. */
  finishRequest(request: Request, clientAddress: Address): Promise<void> | void {
    return runHandler(this.RequestHandlerClass, request, clientAddress, this);
  }

  /** Calls `finishRequest` and ends the request where it does not keep the deadlines of the server. */
  protected finishInTime(request: Request, clientAddress: Address): Promise<void> | void {
    return this.finishRequest(request, clientAddress);
  }

  /** The handler of a request has come to its end. */
  protected abstract requestServed(request: Request, clientAddress: Address): void;

  #servedHere(request: Request, clientAddress: Address): Promise<void> | void {
    this.requestServed(request, clientAddress);
    return this.shutdownRequest(request);
  }

  /** Ends a request in good order: tells the peer, then calls `closeRequest`. */
  shutdownRequest(request: Request): Promise<void> | void {
    return this.closeRequest(request);
  }

  /** Frees what a request holds in this process. */
  closeRequest(_request: Request): Promise<void> | void {}

  /** Called when `handleRequest()` got no request within `timeout` seconds. */
  handleTimeout(): unknown {
    return undefined;
  }

  /**
   * Learns what a request threw; the connection is still open, unless a deadline has ended it. Prints it to stderr,
   * unless the peer merely went away or was too slow; the server goes on. What it throws itself ends the loop.
   */
  handleError(request: Request, clientAddress: Address, error: unknown): Promise<void> | void {
    const isTimeout = error instanceof RequestTimeoutError;
    if (isTimeout ? error.phase !== 'request' : this.isPeerGone(request, error)) return;
    process.stderr.write(formatFailure(formatAddress(clientAddress), error));
  }

  /** Called by `serveForever()` after each request, and regularly while none comes. */
  serviceActions(): Promise<void> | void {}

  /** Whether `error` only says that the peer of this request went away. */
  protected isPeerGone(_request: Request, _error: unknown): boolean {
    return false;
  }
}
