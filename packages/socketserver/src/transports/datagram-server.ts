import { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import { datagramTruncatedChannel, type DatagramTruncatedEvent } from '../diagnostics/datagram-events.ts';
import { requestEndedChannel } from '../diagnostics/request-events.ts';
import type { TimedRequest } from '../deadlines/timed-request.ts';
import type { DatagramBindOptions } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { ServerDrainingError } from '../errors/server-errors.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';
import { type DatagramRequest, DatagramSocket } from '../request/datagram-socket.ts';
import { BaseServer } from '../server/base-server.ts';
import type { ServerStats } from '../server/server-stats.ts';
import type { MaybeRequest, TakenRequest } from '../server/request-hooks.ts';
import type { OwnRequests, PlainDatagram } from '../workers/own-requests.ts';
import type { PackedRequest } from '../workers/pooled-request.ts';
import { adoptDatagram } from './adopt-inherited.ts';
import {
  type DatagramServerOptions,
  type ResolvedDatagramLimits,
  resolveDatagramLimits,
} from './datagram-options.ts';

/** A class whose objects serve datagrams. */
export type DatagramHandlerClass<Address extends SocketAddress> = RequestHandlerClass<
  DatagramRequest<Address>,
  Address
>;

/**
 * What UDP and Unix datagram servers share: each request is one datagram, and the socket to answer through.
 *
 * While the server drains, the socket stays bound and sends, so that running handlers can still answer.
 *
 * @see CPython `socketserver.UDPServer`
 */
export abstract class DatagramServer<Address extends SocketAddress> extends BaseServer<
  DatagramRequest<Address>,
  Address,
  DatagramSocket<Address>
> {
  /** The kind of socket, by Python's name. */
  static readonly socketType = 'SOCK_DGRAM';
  /** `SO_REUSEADDR`, which lets another socket take this one's datagrams away: for multicast. */
  static override readonly allowReuseAddress: boolean = false;
  /** Bytes of a datagram that are kept. */
  static readonly maxPacketSize: number = 8_192;

  readonly limits: ResolvedDatagramLimits;
  /** Bytes of a datagram that are kept; a longer one is cut and marked. */
  readonly maxPacketSize: number;

  readonly #options: Readonly<DatagramServerOptions>;
  readonly #class: typeof DatagramServer;
  #boundSocket: DatagramSocket<Address> | undefined;
  #droppedByWorkers = 0;

  /** @param options - checked by the class that calls this. */
  protected constructor(
    address: Address | InheritedSocket<Address>,
    RequestHandlerClass: DatagramHandlerClass<Address>,
    options: Readonly<DatagramServerOptions>,
  ) {
    super(address, RequestHandlerClass, options);
    this.#options = options;
    this.#class = new.target;
    this.limits = resolveDatagramLimits(options.limits, `Cannot construct ${new.target.name}`);
    this.maxPacketSize = options.maxPacketSize ?? this.#class.maxPacketSize;
  }

  override stats(): ServerStats {
    const stats = super.stats();
    const { bytesRead = 0, bytesWritten = 0 } = this.#boundSocket ?? {};
    return {
      ...stats,
      bytesRead: stats.bytesRead + bytesRead,
      bytesWritten: stats.bytesWritten + bytesWritten,
    };
  }

  /** Datagrams that were dropped because too many waited; those at a worker's own socket count once that is closed. */
  get droppedPackets(): number {
    return (this.#boundSocket?.dropped ?? 0) + this.#droppedByWorkers;
  }

  override getRequest(): MaybeRequest<DatagramRequest<Address>, Address> {
    const { socket } = this;
    const datagram = socket.receive();
    if (datagram === undefined) return undefined;
    const { bytes, truncated, localAddress } = datagram;
    const clientAddress = datagram.remoteAddress as Address;
    if (truncated) this.#reportTruncated(clientAddress);
    const isOfOne = localAddress !== undefined || this.#endsApart();
    const own = isOfOne ? socket.forRequest(clientAddress, localAddress) : socket;
    return [[bytes, own, truncated, this.nextRequestId()], clientAddress];
  }

  protected override get maxActiveRequests(): number {
    return this.limits.maxPending;
  }

  protected override timedRequest([, socket]: DatagramRequest<Address>): TimedRequest | undefined {
    return socket.isForOneRequest ? socket : undefined;
  }

  protected override isPeerGone([, socket]: DatagramRequest<Address>, error: unknown): boolean {
    return socket.isPeerGone(error);
  }

  protected override packRequest([
    [bytes, { localAddress }, isTruncated, requestId],
    clientAddress,
  ]: TakenRequest<DatagramRequest<Address>, Address>): PackedRequest {
    // A view is sent with everything that lies around it. [structured clone]
    const copy = Uint8Array.from(bytes);
    return {
      message: { type: 'datagram', requestId, clientAddress, localAddress, bytes: copy, isTruncated },
    };
  }

  protected override unpackRequest({
    requestId,
    clientAddress,
    bytes,
    isTruncated,
  }: PlainDatagram): TakenRequest<DatagramRequest<Address>, Address> {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return [[data, this.#boundSocket!, isTruncated, requestId], clientAddress as Address];
  }

  protected override servedByWorker(requests: OwnRequests): void {
    super.servedByWorker(requests);
    this.#droppedByWorkers += requests.dropped;
    for (const clientAddress of requests.truncated) this.#reportTruncated(clientAddress as Address);
  }

  protected override sendDatagram(
    bytes: Uint8Array,
    address: Address,
    from: SocketAddress | undefined,
  ): Promise<void> {
    return this.#boundSocket!.sendFrom(bytes, address, from); // it stays bound while the server drains
  }

  protected override bindSource(
    engine: Engine,
    address: Address | InheritedSocket<Address>,
  ): DatagramSocket<Address> {
    const options = this.bindOptions();
    const port =
      address instanceof InheritedSocket
        ? adoptDatagram(engine, address, options)
        : engine.bindDatagram(address, options);
    this.#boundSocket = new DatagramSocket<Address>(port);
    return this.#boundSocket;
  }

  /** A datagram socket takes requests as soon as it is bound. */
  protected override activateSource(): void {}

  protected override async closeSource(
    socket: DatagramSocket<Address>,
    drained: Promise<void>,
  ): Promise<void> {
    socket.interrupt(new ServerDrainingError(this.timeouts.drainMs));
    await drained;
    await socket.close();
  }

  /** What this transport asks of the engine. Subclasses of this package add to it. */
  protected bindOptions(): DatagramBindOptions {
    const { allowReuseAddress, allowReusePort, receiveBufferBytes, sendBufferBytes } = this.#options;
    return {
      reuseAddress: allowReuseAddress ?? this.#class.allowReuseAddress,
      reusePort: allowReusePort ?? this.#class.allowReusePort,
      ipv6Only: false,
      maxPacketSize: this.maxPacketSize,
      ...this.limits,
      receiveBufferBytes,
      sendBufferBytes,
    };
  }

  /** A request that has a deadline must be ended without the others, and one that is told of knows what it sent. */
  #endsApart(): boolean {
    const isOfOne = this.timeouts.requestMs !== Infinity || requestEndedChannel.hasSubscribers;
    return isOfOne && !this.servesInWorkers;
  }

  #reportTruncated(clientAddress: Address): void {
    if (!datagramTruncatedChannel.hasSubscribers) return;
    const event: DatagramTruncatedEvent = {
      serverAddress: this.serverAddress,
      clientAddress,
      maxPacketSize: this.maxPacketSize,
    };
    datagramTruncatedChannel.publish(event);
  }
}
