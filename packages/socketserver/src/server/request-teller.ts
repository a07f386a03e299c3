import type { SocketAddress } from '../address/socket-address.ts';
import {
  connectionClosedChannel,
  isTimed,
  requestAcceptedChannel,
  requestEndedChannel,
  type RequestEvent,
  requestHandedOverChannel,
  type RequestHandedOverEvent,
  type RequestOutcome,
  requestRefusedChannel,
  requestStartedChannel,
  requestTimedOutChannel,
} from '../diagnostics/request-events.ts';
import { type HandshakeFacts, tlsEstablishedChannel, tlsFailedChannel } from '../diagnostics/tls-events.ts';
import { RequestTimeoutError } from '../errors/request-timeout-error.ts';
import { WorkerLostError } from '../errors/worker-errors.ts';
import { requestIdOf } from '../request/request-id.ts';
import { StreamSocket } from '../request/stream-socket.ts';
import { PreparationFailed } from './preparation-failed.ts';

/** What a {@link RequestTeller} asks its server. */
export interface TellerParts<Request, Address> {
  readonly serverAddress: () => Address;
  readonly isPeerGone: (request: Request, error: unknown) => boolean;
}

/** Publishes what becomes of a server's requests, where somebody listens; where nobody does it asks that and no more. */
export class RequestTeller<Request, Address extends SocketAddress> {
  readonly #parts: TellerParts<Request, Address>;
  /** Only of those that were accepted while somebody listened. */
  readonly #acceptedAt = new WeakMap<object, number>();
  /** Bytes that workers sent for datagrams, which have no connection that would know. */
  readonly #sentBytes = new WeakMap<object, number>();

  constructor(parts: TellerParts<Request, Address>) {
    this.#parts = parts;
  }

  accepted(request: Request, clientAddress: Address): void {
    if (isTimed() && isObject(request)) this.#acceptedAt.set(request, performance.now());
    if (requestAcceptedChannel.hasSubscribers) {
      requestAcceptedChannel.publish(this.#event(request, clientAddress));
    }
  }

  handedOver(
    request: Request,
    clientAddress: Address,
    facts: Omit<RequestHandedOverEvent, keyof RequestEvent>,
  ): void {
    if (!requestHandedOverChannel.hasSubscribers) return;
    requestHandedOverChannel.publish({ ...this.#event(request, clientAddress), ...facts });
  }

  started(request: Request, clientAddress: Address): void {
    if (!requestStartedChannel.hasSubscribers) return;
    requestStartedChannel.publish(this.#event(request, clientAddress));
  }

  /** A client got through the TLS handshake. */
  handshakeDone(clientAddress: Address, handshake: HandshakeFacts): void {
    if (!tlsEstablishedChannel.hasSubscribers) return;
    tlsEstablishedChannel.publish({
      serverAddress: this.#parts.serverAddress(),
      clientAddress,
      ...handshake,
    });
  }

  /** It did not. */
  handshakeFailed(clientAddress: Address, error: Error): void {
    if (!tlsFailedChannel.hasSubscribers) return;
    tlsFailedChannel.publish({ serverAddress: this.#parts.serverAddress(), clientAddress, error });
  }

  /** The worker of a datagram has said what it sent. */
  sent(request: Request, bytes: number): void {
    if (isObject(request)) this.#sentBytes.set(request, bytes);
  }

  refused(request: Request, clientAddress: Address): void {
    if (requestRefusedChannel.hasSubscribers) {
      requestRefusedChannel.publish(this.#event(request, clientAddress));
    }
    this.#ended(request, clientAddress, 'refused');
  }

  served(request: Request, clientAddress: Address): void {
    this.#ended(request, clientAddress, 'served');
  }

  failed(request: Request, clientAddress: Address, error: unknown): void {
    if (error instanceof RequestTimeoutError && requestTimedOutChannel.hasSubscribers) {
      const { phase, ms: limitMs } = error;
      requestTimedOutChannel.publish({ ...this.#event(request, clientAddress), phase, limitMs });
    }
    if (!requestEndedChannel.hasSubscribers) return;
    const cause = error instanceof PreparationFailed ? error.cause : error;
    this.#ended(request, clientAddress, this.#outcome(request, error), cause);
  }

  /** The descriptor of a connection is free. */
  connectionClosed(socket: StreamSocket): void {
    if (!connectionClosedChannel.hasSubscribers) return;
    connectionClosedChannel.publish({
      serverAddress: this.#parts.serverAddress(),
      clientAddress: socket.getpeername(),
      id: socket.id,
      durationMs: this.#durationMs(socket),
      ...this.#bytes(socket),
    });
  }

  #ended(request: Request, clientAddress: Address, outcome: RequestOutcome, error?: unknown): void {
    if (!requestEndedChannel.hasSubscribers) return;
    requestEndedChannel.publish({
      ...this.#event(request, clientAddress),
      outcome,
      error,
      durationMs: this.#durationMs(request),
      ...this.#bytes(request),
    });
  }

  #outcome(request: Request, error: unknown): RequestOutcome {
    if (error instanceof RequestTimeoutError) return 'timed-out';
    if (error instanceof WorkerLostError) return 'lost';
    return this.#parts.isPeerGone(request, error) ? 'peer-gone' : 'failed';
  }

  #event(request: Request, clientAddress: Address): RequestEvent {
    return { serverAddress: this.#parts.serverAddress(), clientAddress, id: requestIdOf(request) };
  }

  #durationMs(request: unknown): number | undefined {
    const acceptedAt = isObject(request) ? this.#acceptedAt.get(request) : undefined;
    return acceptedAt === undefined ? undefined : performance.now() - acceptedAt;
  }

  #bytes(request: unknown): { readonly bytesRead: number; readonly bytesWritten: number } {
    if (request instanceof StreamSocket) {
      const { bytesRead, bytesWritten } = request;
      return { bytesRead, bytesWritten };
    }
    if (!Array.isArray(request)) return { bytesRead: 0, bytesWritten: 0 };
    const [data, socket] = request as unknown as Partial<DatagramParts>;
    const sent = this.#sentBytes.get(request) ?? (socket?.isForOneRequest === true ? socket.bytesWritten : 0);
    return { bytesRead: data?.length ?? 0, bytesWritten: sent };
  }
}

/** What counts of a `DatagramRequest`. */
type DatagramParts = readonly [
  data: { readonly length: number },
  socket: { readonly isForOneRequest: boolean; readonly bytesWritten: number },
];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
