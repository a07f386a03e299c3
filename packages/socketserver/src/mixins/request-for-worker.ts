import type { SocketAddress } from '../address/socket-address.ts';
import { requestEndedChannel, requestStartedChannel } from '../diagnostics/request-events.ts';
import { tlsEstablishedChannel, tlsFailedChannel } from '../diagnostics/tls-events.ts';
import type { Crossing } from '../engine/contract/connection.ts';
import type { RemoteConnection } from '../request/remote-connection.ts';
import type { TakenRequest } from '../server/request-hooks.ts';
import type { RequestTeller } from '../server/request-teller.ts';
import { reviveError } from '../workers/error-transfer.ts';
import type { Progress } from '../workers/messages/from-worker.ts';
import type { PackedRequest, RequestToServe } from '../workers/pooled-request.ts';
import type { Worker } from '../workers/worker.ts';
import type { WorkerKind } from '../workers/worker-options.ts';

/** The server whose requests go to workers. */
export interface SendingServer {
  readonly teller: RequestTeller<unknown, SocketAddress>;
  /** Takes a request apart for a worker, as `RequestToServe.pack()` says. */
  pack(
    taken: TakenRequest<unknown, SocketAddress>,
    target: WorkerKind,
    remote: RemoteConnection,
    crossing: Crossing | undefined,
  ): PackedRequest;
  /** A connection that was given away is closed. */
  closed(request: unknown): void;
}

/** A request of a server, as its pool gets it: tells the server's subscribers how far it is. */
export class RequestForWorker implements RequestToServe {
  readonly isObserved =
    requestStartedChannel.hasSubscribers ||
    requestEndedChannel.hasSubscribers ||
    tlsEstablishedChannel.hasSubscribers ||
    tlsFailedChannel.hasSubscribers;
  readonly clientAddress: SocketAddress;
  readonly #request: unknown;
  readonly #server: SendingServer;

  constructor(request: unknown, clientAddress: SocketAddress, server: SendingServer) {
    this.#request = request;
    this.clientAddress = clientAddress;
    this.#server = server;
  }

  pack(target: WorkerKind, remote: RemoteConnection, crossing: Crossing | undefined): PackedRequest {
    return this.#server.pack([this.#request, this.clientAddress], target, remote, crossing);
  }

  handedOver({ kind, id: worker }: Worker, waitedMs: number): void {
    this.#server.teller.handedOver(this.#request, this.clientAddress, { kind, worker, waitedMs });
  }

  progressed({ handshake, handshakeError }: Progress): void {
    const { teller } = this.#server;
    if (handshake !== undefined) teller.handshakeDone(this.clientAddress, handshake);
    else if (handshakeError === undefined) teller.started(this.#request, this.clientAddress);
    else teller.handshakeFailed(this.clientAddress, reviveError(handshakeError) as Error);
  }

  connectionClosed(): void {
    this.#server.closed(this.#request);
  }
}
