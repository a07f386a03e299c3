import type { SocketAddress } from '../address/socket-address.ts';
import type { Clock } from '../engine/clock.ts';
import type {
  Connection,
  ConnectionSink,
  HandedOver,
  PeerCredentials,
} from '../engine/contract/connection.ts';
import type { Engine } from '../engine/contract/engine.ts';
import type { NodeStream } from '../engine/contract/node-stream.ts';
import { parseProxyHeader } from '../proxy-protocol/parse-proxy-header.ts';
import type { ProxyFacts, ProxyHeader } from '../proxy-protocol/proxy-header.ts';

/** What was read of a connection when its header was complete. */
export interface ReceivedHeader {
  readonly header: ProxyHeader;
  /** Bytes of the header. */
  readonly length: number;
  /** The header, and what came with it of the bytes behind. */
  readonly bytes: Buffer;
}

/** The message of such a connection on its way to a worker: that of its carrier, and what was read of it. */
interface MovedConnection {
  readonly proxied: { readonly carrier: unknown; readonly bytes: Uint8Array };
}

/**
 * A connection whose PROXY header was read: it shows the client's address and what else the header said, and begins with
 * the bytes behind the header. Everything else is its carrier's.
 */
export class ProxiedConnection implements Connection {
  readonly remoteAddress: SocketAddress;
  readonly proxy: ProxyFacts;
  readonly #carrier: Connection;
  /** Kept whole until it is clear where the bytes are wanted: here, or in a worker, which reads the header anew. */
  #received: ReceivedHeader | undefined;
  #unread: Buffer | undefined;
  #sink: ConnectionSink | undefined;

  /** @param carrier - started, and not flowing; it belongs to this object from now on. */
  constructor(carrier: Connection, received: ReceivedHeader) {
    const peerAddress = carrier.remoteAddress;
    this.#carrier = carrier;
    this.#received = received;
    this.remoteAddress = clientOf(received.header, peerAddress);
    this.proxy = Object.freeze({ ...received.header, peerAddress });
  }

  get localAddress(): SocketAddress {
    return this.#carrier.localAddress;
  }

  get fd(): number {
    return this.#carrier.fd;
  }

  get peerCredentials(): PeerCredentials | undefined {
    return this.#carrier.peerCredentials;
  }

  get clock(): Clock | undefined {
    return this.#carrier.clock;
  }

  get bytesTaken(): number {
    return this.#carrier.bytesTaken;
  }

  get takenBy(): 'peer' | 'system' {
    return this.#carrier.takenBy;
  }

  get isClosed(): boolean {
    return this.#carrier.isClosed;
  }

  get sendFile(): Connection['sendFile'] {
    const carrier = this.#carrier;
    return carrier.sendFile && ((...args) => carrier.sendFile!(...args));
  }

  start(sink: ConnectionSink): void {
    this.#unread ??= this.#takeUnread();
    this.#sink = sink;
    this.#carrier.start(sink);
  }

  resume(): void {
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread === undefined || unread.length === 0 || this.#sink!.received(unread)) this.#carrier.resume();
  }

  write(bytes: Uint8Array, more?: boolean): boolean {
    return this.#carrier.write(bytes, more);
  }

  endWrite(): void {
    this.#carrier.endWrite();
  }

  close(): boolean {
    return this.#carrier.close();
  }

  reset(): void {
    this.#carrier.reset();
  }

  setNoDelay(on: boolean): void {
    this.#carrier.setNoDelay(on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    this.#carrier.setKeepAlive(on, initialDelaySeconds);
  }

  handOver(target: 'thread' | 'process'): HandedOver {
    const { message, ...rest } = this.#carrier.handOver(target);
    // A view would be sent with everything that lies around it. [structured clone]
    const bytes = Uint8Array.from(this.#received!.bytes);
    const moved: MovedConnection = { proxied: { carrier: message, bytes } };
    return { ...rest, message: moved };
  }

  toSocket(unread?: Uint8Array): NodeStream | undefined {
    this.#unread ??= this.#takeUnread();
    return this.#carrier.toSocket(Buffer.concat([unread ?? nothing, this.#unread]));
  }

  #takeUnread(): Buffer {
    const received = this.#received;
    this.#received = undefined;
    return received?.bytes.subarray(received.length) ?? nothing;
  }
}

const nothing = Buffer.alloc(0);

/**
 * Who the client is: whom the header names, else the peer itself. A server on an Internet address has no words for a
 * client with a Unix socket: there it is the peer, too.
 */
function clientOf({ source }: ProxyHeader, peerAddress: SocketAddress): SocketAddress {
  if (source === undefined || (typeof source === 'string' && typeof peerAddress !== 'string'))
    return peerAddress;
  return source;
}

/** Takes over a connection that was handed over, in this thread or process, also one whose PROXY header was read. */
export function adoptConnection(engine: Engine, handedOver: HandedOver): Connection {
  const { proxied } = handedOver.message as Partial<MovedConnection>;
  if (proxied === undefined) return engine.adopt(handedOver);
  const carrier = engine.adopt({ ...handedOver, message: proxied.carrier });
  const bytes = Buffer.from(proxied.bytes.buffer, proxied.bytes.byteOffset, proxied.bytes.length);
  const parsed = parseProxyHeader(bytes, { maxBytes: Infinity });
  return new ProxiedConnection(carrier, { ...(parsed as { header: ProxyHeader; length: number }), bytes });
}
