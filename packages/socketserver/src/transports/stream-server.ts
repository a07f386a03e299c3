import { AccessLists } from '../admission/access-lists.ts';
import type { OpenClient } from '../admission/selective-listener.ts';
import { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import { type ResolvedProxyOptions, resolveProxyOptions } from '../connection/proxy-options.ts';
import { DistantConnection } from '../connection/distant-connection.ts';
import type { TimedRequest } from '../deadlines/timed-request.ts';
import type { Connection, Crossing, Listener } from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { BindOptions } from '../engine/contract/request-source.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';
import type { SocketHost } from '../request/base-socket.ts';
import type { RemoteConnection } from '../request/remote-connection.ts';
import { StreamSocket } from '../request/stream-socket.ts';
import { BaseServer } from '../server/base-server.ts';
import type { MaybeRequest, TakenRequest } from '../server/request-hooks.ts';
import { type LimitParts, type StreamLimitOptions, StreamLimits } from '../server/stream-limits.ts';
import type { ConnectionSetup } from '../workers/messages/worker-start.ts';
import type { PackedRequest } from '../workers/pooled-request.ts';
import type { WorkerKind } from '../workers/worker-options.ts';
import { Admission } from './admission.ts';
import { adoptListener, listenOnInherited } from './adopt-inherited.ts';
import type { Preparation } from './prepared-listener.ts';
import { ProxyPreparation } from './proxy-preparation.ts';
import type { StreamServerOptions } from './stream-options.ts';

/** Limits of which workers know: they measure the rate too, and tell at once of ends that make room. */
const limitsOfWorkers: ReadonlySet<string> = new Set([
  'minBytesPerSecond',
  'maxConnections',
  'maxConnectionsPerAddress',
]);

/** A class whose objects serve connections. */
export type StreamHandlerClass<Address extends SocketAddress> = RequestHandlerClass<
  StreamSocket<Address>,
  Address
>;

/**
 * What TCP, TLS and Unix stream servers share: each request is one accepted, unread connection.
 *
 * @see CPython `socketserver.TCPServer`
 */
export abstract class StreamServer<Address extends SocketAddress> extends BaseServer<
  StreamSocket<Address>,
  Address,
  Listener
> {
  /** The kind of socket, by Python's name. */
  static readonly socketType = 'SOCK_STREAM';
  /** Clients that may wait in the kernel's queue. */
  static readonly requestQueueSize: number = 4_096;

  /** How much the server takes on; each limit can be set while it runs. */
  readonly limits: StreamLimits;
  /** Whose connections are taken; each list can be set while it runs. */
  readonly access: AccessLists;
  readonly #options: Readonly<StreamServerOptions>;
  readonly #class: typeof StreamServer;
  readonly #proxies: ResolvedProxyOptions | undefined;
  #listener: Listener | undefined;
  #admission: Admission | undefined;
  /** One object for all sockets: a closure each would cost an idle connection a hundred bytes. */
  readonly #host: SocketHost;

  /** @param options - checked by the class that calls this, and that binds last. */
  protected constructor(
    address: Address | InheritedSocket<Address>,
    RequestHandlerClass: StreamHandlerClass<Address>,
    options: Readonly<StreamServerOptions>,
  ) {
    super(address, RequestHandlerClass, options);
    this.#options = options;
    this.#class = new.target;
    this.#host = {
      endReadsOnDrain: options.endReadsOnDrain ?? false,
      handshakeMs: this.timeouts.handshakeMs,
      socketClosed: (request) => {
        this.counts.bytesRead += request.bytesRead;
        this.counts.bytesWritten += request.bytesWritten;
        this.teller.connectionClosed(request as StreamSocket);
        this.connectionClosed(request);
        this.#admission!.closed(request, request.getpeername());
      },
      handshakeDone: (request, handshake) =>
        this.teller.handshakeDone(request.getpeername() as Address, handshake),
      handshakeFailed: (request, error) =>
        this.teller.handshakeFailed(request.getpeername() as Address, error),
    };
    const action = `Cannot construct ${new.target.name}`;
    const isUnix =
      address instanceof InheritedSocket ? address.kind.startsWith('Unix') : typeof address === 'string';
    this.#proxies = resolveProxyOptions(options.proxyProtocol, { action, isUnix });
    const unfit =
      isUnix && this.#proxies === undefined
        ? 'on a Unix socket without proxyProtocol, whose clients have no addresses; the permissions of its file say who may connect'
        : undefined;
    this.access = new AccessLists(options.access, { action, unfit, changed: () => this.termsChanged() });
    this.limits = this.createLimits(options.limits, {
      action,
      changed: (name) => this.#limitChanged(name),
    });
    this.askRate(this.limits.minBytesPerSecond);
  }

  override getRequest(): MaybeRequest<StreamSocket<Address>, Address> {
    const connection = this.socket.accept();
    if (connection === undefined) return undefined;
    return [this.#opened(connection, this.nextRequestId()), connection.remoteAddress as Address];
  }

  /** Closes in good order: the peer reads everything that was sent, and then the end. */
  override closeRequest(request: StreamSocket<Address>): Promise<void> | void {
    request.close();
  }

  /** Subclasses of this package add limits of their own. The constructor calls it. */
  protected createLimits(given: StreamLimitOptions | undefined, parts: LimitParts): StreamLimits {
    return new StreamLimits(given, parts);
  }

  protected override packRequest(
    [request]: TakenRequest<StreamSocket<Address>, Address>,
    target: WorkerKind,
    remote: RemoteConnection,
    crossing?: Crossing,
  ): PackedRequest {
    const handedOver = request.handOver(target, remote, crossing);
    const message = {
      type: 'connection',
      requestId: request.id,
      handedOver: handedOver.message,
    } as const;
    if (handedOver.leaving !== undefined) return { message, handedOver };
    return { message, handedOver, abandon: () => this.endAbandoned(handedOver) };
  }

  protected override connectionSetup(): ConnectionSetup {
    const { maxConnections, maxConnectionsPerAddress } = this.limits;
    return {
      ...super.connectionSetup(),
      endReadsOnDrain: this.#host.endReadsOnDrain,
      tellsEndsAtOnce: maxConnections !== Infinity || maxConnectionsPerAddress !== Infinity,
    };
  }

  protected override get plainListener(): Listener | undefined {
    const { limits, access } = this;
    const isPlain = this.#proxies === undefined && limits.areNone && access.areEmpty;
    return isPlain && this.#admission?.hasDue === false ? this.#listener : undefined;
  }

  protected override acceptedInWorker(id: number, clientAddress: Address): StreamSocket<Address> {
    return this.#opened(new DistantConnection(this.serverAddress, clientAddress), id);
  }

  protected override remoteRequestClosed(request: StreamSocket<Address>): void {
    request.connectionClosed();
  }

  protected override endRequest(request: StreamSocket<Address>): Promise<void> | void {
    return request.isHandedOver ? this.closeRequest(request) : this.shutdownRequest(request);
  }

  protected override abandonRequest(request: StreamSocket<Address>): void {
    request.reset();
  }

  protected override timedRequest(request: StreamSocket<Address>): TimedRequest {
    return request;
  }

  protected override isPeerGone(request: StreamSocket<Address>, error: unknown): boolean {
    return request.isPeerGone(error);
  }

  protected override bindSource(engine: Engine, address: Address | InheritedSocket<Address>): Listener {
    const listener =
      address instanceof InheritedSocket
        ? adoptListener(engine, address)
        : engine.bindStream(address, this.bindOptions());
    this.#listener = listener;
    this.#admission = new Admission(listener, this.#proxyPreparation(), {
      limits: this.limits,
      access: this.access,
      clock: this.clock,
      serverAddress: () => this.serverAddress,
      openConnections: () => this.openConnections,
      connections: () => this.#openClients(),
      pending: () => this.pendingRequests,
      refused: () => {
        this.counts.accepted += 1;
        this.counts.refused += 1;
      },
      failed: (error, retryMs) => this.acceptFailed(error, retryMs),
    });
    return this.#admission.listener;
  }

  /** Has clients prepared before they are given; they count as connections meanwhile. */
  protected prepared(under: Listener, preparation: Preparation): Listener {
    return this.#admission!.prepared(under, preparation);
  }

  /** A client did not get so far as to be a request: it counts as one that failed. */
  protected preparationFailed(connection: Connection): void {
    this.counts.accepted += 1;
    this.counts.failed += 1;
    this.#admission!.closed(connection, connection.remoteAddress);
  }

  protected override takingChanged(isTaking: boolean): void {
    super.takingChanged(isTaking);
    this.#admission?.takes(isTaking);
  }

  protected override pendingChanged(): void {
    this.#admission?.pendingChanged();
  }

  protected override get takesBeyondCapacity(): boolean {
    return this.limits.onLimit === 'refuse' && this.limits.maxPending !== Infinity;
  }

  protected override get isAtLimit(): boolean {
    return super.isAtLimit || this.#admission?.isAtLimit === true;
  }

  /** What this transport asks of the engine. Subclasses of this package add to it. */
  protected bindOptions(): BindOptions {
    return {
      reuseAddress: this.#options.allowReuseAddress ?? this.#class.allowReuseAddress,
      reusePort: this.#options.allowReusePort ?? this.#class.allowReusePort,
      ipv6Only: false,
    };
  }

  protected override activateSource(listener: Listener): void {
    const backlog = this.#options.requestQueueSize ?? this.#class.requestQueueSize;
    if (this.inherited === undefined) listener.listen(backlog);
    else listenOnInherited(listener, this.inherited, backlog);
  }

  #opened(connection: Connection, id: number): StreamSocket<Address> {
    const request = new StreamSocket<Address>(connection, this.#host, id);
    this.connectionOpened(request);
    this.#admission!.opened(request, connection);
    return request;
  }

  *#openClients(): Iterable<OpenClient> {
    for (const connection of this.connections) {
      if (!(connection instanceof StreamSocket)) continue;
      yield { holder: connection, address: (connection as StreamSocket).getpeername() };
    }
  }

  #proxyPreparation(): Preparation | undefined {
    if (this.#proxies === undefined) return undefined;
    return new ProxyPreparation({
      options: this.#proxies,
      proxyHeaderMs: this.timeouts.proxyHeaderMs,
      serverAddress: () => this.serverAddress,
      failed: () => {
        this.counts.accepted += 1;
        this.counts.failed += 1;
        this.#admission!.preparationFailed();
      },
    });
  }

  #limitChanged(name: string): void {
    this.termsChanged();
    this.#admission?.limitsChanged();
    if (name === 'minBytesPerSecond') this.askRate(this.limits.minBytesPerSecond);
    if (limitsOfWorkers.has(name)) this.connectionSetupChanged();
  }
}
