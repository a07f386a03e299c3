import type { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import type { TimedRequest } from '../deadlines/timed-request.ts';
import type { Crossing, Listener } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { RequestSource } from '../engine/contract/request-source.ts';
import { UnsupportedError } from '../errors/unsupported-error.ts';
import type { RemoteConnection } from '../request/remote-connection.ts';
import type { DatagramBinding } from '../workers/datagram-binding.ts';
import type { ConnectionSetup } from '../workers/messages/worker-start.ts';
import type { PlainDatagram } from '../workers/own-requests.ts';
import type { PackedRequest } from '../workers/pooled-request.ts';
import type { WorkerKind } from '../workers/worker-options.ts';
import { RequestHooks, type TakenRequest } from './request-hooks.ts';

/**
 * What the transports and the concurrency models of this package override, and call of each other: how a socket is bound,
 * how a request ends, and how it goes to a worker and back.
 */
export abstract class ModelHooks<
  Request,
  Address extends SocketAddress,
  Source extends RequestSource,
> extends RequestHooks<Request, Address> {
  protected abstract bindSource(engine: Engine, address: Address | InheritedSocket<Address>): Source;
  protected abstract activateSource(source: Source): void;

  /** Requests that may be processed at once: at that many the loop takes no further one. Transports may bound it. */
  protected get maxActiveRequests(): number {
    return Infinity;
  }

  /** Whether requests are taken that no worker has room for yet, as limits of the transport bound them. */
  protected get takesBeyondCapacity(): boolean {
    return false;
  }

  /** Whether a limit of the transport keeps further requests waiting. */
  protected get isAtLimit(): boolean {
    return false;
  }

  /** Requests that wait for a worker; mixins of this package count them. */
  protected get pendingRequests(): number {
    return 0;
  }

  /** Called when one of {@link pendingRequests} has a worker. */
  protected pendingChanged(): void {}

  /** Frees a request that could not be ended in good order. Transports of this package implement it. */
  protected abandonRequest(_request: Request): void {}

  /** What ends a request after {@link runRequest}: `shutdownRequest`, unless it was handed over. */
  protected endRequest(request: Request): Promise<void> | void {
    return this.shutdownRequest(request);
  }

  /** What the deadlines of a request are kept by; `undefined` where it has none. Transports of this package say it. */
  protected timedRequest(_request: Request): TimedRequest | undefined {
    return undefined;
  }

  /** Whether handlers run in workers; mixins of this package say so. */
  protected get servesInWorkers(): boolean {
    return false;
  }

  /** Whether a drain keeps the process alive until it ends. */
  protected get drainHoldsProcess(): boolean {
    return true;
  }

  /** Called when `serveForever()` begins, or `handleRequest()`. */
  protected loopBegins(_action: 'serveForever' | 'handleRequest'): void {}

  /** Called when `serveForever()` begins to take requests, and when it ends or is suspended. */
  protected takingChanged(_isTaking: boolean): void {}

  /**
   * Takes a request apart for a worker. Transports of this package implement it.
   *
   * @param remote - how the request can be reached from then on.
   * @param crossing - to the worker, where connections can go that way.
   * @throws {@link UnsupportedError} where requests cannot leave their thread.
   */
  protected packRequest(
    _taken: TakenRequest<Request, Address>,
    _target: WorkerKind,
    _remote: RemoteConnection,
    _crossing?: Crossing,
  ): PackedRequest {
    throw new UnsupportedError('Cannot serve in a worker: this kind of server cannot hand its requests over');
  }

  /** Sends a datagram that a handler in a worker asked for. Datagram servers implement it. */
  protected sendDatagram(
    _bytes: Uint8Array,
    _address: Address,
    _from: SocketAddress | undefined,
  ): Promise<void> {
    return Promise.reject(new UnsupportedError('Cannot sendto: this server has no datagram socket'));
  }

  /** How workers bind sockets of their own beside this server's; `undefined` where only the server receives. */
  protected workerBinding(): DatagramBinding | undefined {
    return undefined;
  }

  /** The request of a datagram that a worker received itself. Datagram servers implement it. */
  protected unpackRequest(_datagram: PlainDatagram): TakenRequest<Request, Address> {
    throw new UnsupportedError('Cannot unpack a request: this server has no datagrams');
  }

  /** The engine's listener, where clients need nothing but a handler as things are. Transports of this package say so. */
  protected get plainListener(): Listener | undefined {
    return undefined;
  }

  /** {@link plainListener} may give something else now: who comes in is decided anew. */
  protected termsChanged(): void {}

  /** The request of a connection that a worker took itself; as one that was accepted here, and not counted. Stream servers implement it. */
  protected acceptedInWorker(_id: number, _clientAddress: Address): Request {
    throw new UnsupportedError('Cannot accept in a worker: this server has no connections');
  }

  /** A connection that {@link packRequest} gave away is closed. */
  protected remoteRequestClosed(_request: Request): void {}

  /** What workers do with a connection before its handler. */
  protected abstract connectionSetup(): ConnectionSetup;

  /** Tells the workers that {@link connectionSetup} gives something else now. */
  protected connectionSetupChanged(): void {}
}
