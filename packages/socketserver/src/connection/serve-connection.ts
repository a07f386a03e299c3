import type { SocketAddress } from '../address/socket-address.ts';
import type { DeadlineSweep } from '../deadlines/deadline-sweep.ts';
import { type HandshakeFacts, handshakeFacts } from '../diagnostics/tls-events.ts';
import type { Connection } from '../engine/contract/connection.ts';
import { secureConnection } from '../engine/tls/secure-connection.ts';
import { RequestTimeoutError } from '../errors/request-timeout-error.ts';
import { TLSHandshakeError } from '../errors/tls-errors.ts';
import { type RequestHandlerClass } from '../handlers/request-handler.ts';
import { runHandler } from '../handlers/run-handler.ts';
import type { ServerView } from '../handlers/server-view.ts';
import type { ResolvedTimeouts } from '../options/timeout-options.ts';
import type { SocketHost } from '../request/base-socket.ts';
import { StreamSocket } from '../request/stream-socket.ts';
import type { TLSContexts } from '../tls/tls-contexts.ts';

/** What all connections of a server have in common. */
export interface ConnectionService {
  readonly RequestHandlerClass: RequestHandlerClass<StreamSocket, SocketAddress>;
  readonly server: ServerView;
  /** For the handshakes of a TLS server. */
  readonly tls: TLSContexts | undefined;
  readonly timeouts: ResolvedTimeouts;
  /** Whether reads find the end of the stream once the handler was told to end. */
  readonly endReadsOnDrain: boolean;
  readonly deadlines: DeadlineSweep;
}

/** A step of a request: its TLS handshake is done, or one that its handler began has failed; with neither, the handler begins. */
export interface RequestStep {
  readonly handshake?: HandshakeFacts;
  readonly handshakeError?: Error;
}

/** What a {@link ServedConnection} is to its server. */
export interface ServedRequest {
  /** The server's number for the request. */
  readonly id: number;
  /** Called once, when the descriptor is free. */
  readonly closed: () => void;
  /** Called at each step, where somebody listens. */
  readonly progressed: ((step: RequestStep) => void) | undefined;
}

/**
 * An accepted, unread connection on its way through everything that comes before a handler (TLS), through the
 * handler, to its end.
 */
export class ServedConnection implements SocketHost {
  readonly #connection: Connection;
  readonly #service: ConnectionService;
  readonly #served: ServedRequest;
  #request: StreamSocket | undefined;
  #handshake: AbortController | undefined;
  #interruption: Error | undefined;

  constructor(connection: Connection, service: ConnectionService, served: ServedRequest) {
    this.#connection = connection;
    this.#service = service;
    this.#served = served;
  }

  /**
   * Runs the handler, then tells the peer the end and closes; the last bytes go out in the background.
   *
   * @throws what the handler threw, once the connection is being closed; a `TLSHandshakeError`.
   */
  async serve(): Promise<void> {
    const { id } = this.#served;
    const { tls } = this.#service;
    const connection = tls === undefined ? this.#connection : await this.#secured(tls);
    const request = new StreamSocket(connection, this, id);
    this.#request = request;
    if (this.#interruption !== undefined) request.interrupt(this.#interruption);
    const { RequestHandlerClass, server, deadlines } = this.#service;
    try {
      const { remoteAddress } = this.#connection;
      this.#served.progressed?.({});
      const run = (): Promise<void> | void => runHandler(RequestHandlerClass, request, remoteAddress, server);
      await (deadlines.isNeeded ? deadlines.run(request, run) : run());
    } finally {
      request.close();
    }
  }

  /** Tells the handler to come to an end; a handshake is given up. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    this.#handshake?.abort(reason);
    this.#request?.interrupt(reason);
  }

  /** Has the deadlines of the server kept from now on, where it had none when this began. */
  watch(): void {
    if (this.#request !== undefined) this.#service.deadlines.watch(this.#request);
  }

  /** Ends the connection at once. */
  reset(reason: Error): void {
    this.#handshake?.abort(reason);
    this.#request?.reset(reason);
  }

  /** Why `error` is no fault of the handler's, if it is none. */
  faultOf(error: unknown): 'peer-gone' | 'handshake' | undefined {
    if (error instanceof TLSHandshakeError && this.#request === undefined) return 'handshake';
    if (error instanceof RequestTimeoutError) return undefined; // tells it itself
    const isPeerGone =
      this.#request === undefined ? error === this.#interruption : this.#request.isPeerGone(error);
    return isPeerGone ? 'peer-gone' : undefined;
  }

  get endReadsOnDrain(): boolean {
    return this.#service.endReadsOnDrain;
  }

  get handshakeMs(): number {
    return this.#service.timeouts.handshakeMs;
  }

  socketClosed(): void {
    this.#served.closed();
  }

  handshakeDone(_of: unknown, handshake: HandshakeFacts): void {
    this.#served.progressed?.({ handshake });
  }

  handshakeFailed(_of: unknown, handshakeError: Error): void {
    this.#served.progressed?.({ handshakeError });
  }

  get bytesRead(): number {
    return this.#request?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.#request?.bytesWritten ?? 0;
  }

  async #secured(tls: TLSContexts): Promise<Connection> {
    const { timeouts } = this.#service;
    this.#handshake = new AbortController();
    try {
      const { handshakeMs } = timeouts;
      const { signal } = this.#handshake;
      const begunAt = performance.now();
      const secured = await secureConnection(this.#connection, tls, { handshakeMs, signal });
      this.handshakeDone(this, handshakeFacts(secured.tls!, performance.now() - begunAt));
      return secured;
    } catch (error) {
      this.#served.closed();
      throw error;
    } finally {
      this.#handshake = undefined;
    }
  }
}
