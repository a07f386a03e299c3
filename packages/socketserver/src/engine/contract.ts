/**
 * The contract between this library and what moves its bytes. Everything above `engine/` is written once on
 * these interfaces; an engine behind them is replaceable. Three exist: `node` (here), `native` (an optional
 * package) and `memory` (for tests).
 *
 * The shape follows the fastest engine. News comes as plain calls on a sink, so that an engine may deliver a
 * whole batch of events in one entry into JavaScript; accepting and receiving are pulls, so that what nobody
 * asked for stays in the kernel (or, where the platform cannot leave it there, in the engine).
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { InetAddress, SocketAddress } from '../address/socket-address.ts';
import type { ProxyFacts } from '../proxy-protocol/proxy-header.ts';
import type { TLSFacts } from '../tls/tls-facts.ts';
import type { Clock } from './clock.ts';

/** Opens sockets. One engine object serves a whole thread; it holds no per-server state. */
export interface Engine {
  readonly name: 'node' | 'native' | 'memory';
  /** What the deadlines of its servers run by, where that is not the system's time. */
  readonly clock?: Clock | undefined;

  /**
   * Binds a stream socket, synchronously; it listens once {@link Listener.listen} is called.
   *
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open.
   */
  bindStream(address: SocketAddress, options: BindOptions): Listener;

  /** Binds a datagram socket, synchronously. @throws as {@link bindStream}. */
  bindDatagram(address: SocketAddress, options: DatagramBindOptions): DatagramPort;

  /**
   * Takes over a stream socket that this process has inherited: bound, and mostly listening already. Its
   * {@link Listener.listen} is to be called all the same. Absent where the engine has no descriptors.
   *
   * @param address - where it is known beforehand; an engine that can ask the socket does so.
   * @throws the operating system's error for a descriptor of another kind.
   */
  adoptListener?(fd: number, address: SocketAddress | undefined): Listener;

  /**
   * Takes over a bound datagram socket that this process has inherited. Of the options those count that say nothing
   * about binding.
   *
   * @param isIPv6 - where that is known beforehand; an engine that can ask the socket does so.
   * @throws as {@link adoptListener}.
   */
  adoptDatagram?(fd: number, options: DatagramBindOptions, isIPv6: boolean | undefined): DatagramPort;

  /** Opens a connection to a listening socket. Rejects with the operating system's error. */
  connect(address: SocketAddress, options?: ConnectOptions): Promise<Connection>;

  /** Takes over a connection that {@link Connection.handOver} gave away in another thread or process. */
  adopt(handedOver: HandedOver): Connection;

  /** Opens a way for connections to another thread of this process. Absent where the engine has none but messages. */
  openCrossing?(): Crossing;

  /**
   * Has connections come that another thread sends by the crossing of this number. A thread joins one at most.
   *
   * @param arrived - gets them, in order, each with what its sender has noted.
   * @throws the operating system's error: `ENOENT` for a crossing that is closed.
   */
  joinCrossing?(number: number, arrived: (connection: Connection, notes: CrossingNotes) => void): Arrivals;
}

/** The near end of a way for connections to another thread: what goes this way costs neither thread a message. */
export interface Crossing {
  /** Names it to the thread at the far end. */
  readonly number: number;

  /**
   * Sends a connection of this engine, which is unread, and closed here afterwards. It is nobody's until the far end takes
   * it.
   *
   * @throws the operating system's error, with nothing changed.
   */
  send(connection: Connection, notes: CrossingNotes): void;

  /**
   * Lends a listener of this engine to the thread at the far end, which takes clients itself from then on, as if they had
   * been sent: with the negative of their number as {@link CrossingNotes.id}. Several threads may have it on loan. Absent
   * where an engine knows no loans.
   *
   * @returns `undefined`, with nothing changed, where that cannot be: the thread is gone, a client was taken already and
   *   waits, or clients have addresses of another kind than IPv4.
   */
  lend?(listener: Listener, terms: LoanTerms): Loan | undefined;

  /** Ends with a reset what was sent and not taken, and a loan. Idempotent. */
  close(): void;
}

/** What a thread may do with a listener on loan. */
export interface LoanTerms {
  /** Of the first client; the next ones follow, in whatever thread. Ignored where another one has the listener on loan. */
  readonly number: number;
  /** As of {@link CrossingNotes}. */
  readonly after: number;
  /** Connections that the thread may have more than when it got the loan; at so many it takes no further client. */
  readonly quota: number;
}

/** How a loan goes: `over` when it was ended, or the thread could not take a client, or is gone. */
export type LoanState = 'out' | 'at-quota' | 'over';

/** Learns of a client that was accepted on loan. */
export type Accepted = (number: number, clientAddress: InetAddress) => void;

/** A listener on loan to another thread. */
export interface Loan {
  /** Whether clients wait to be accepted. It costs a system call. */
  readonly hasClients: boolean;

  /** For how many milliseconds the thread had a core so far, at the last look. */
  readonly cpuMs: number;

  /** Tells of all clients that were accepted since the last look, also after the end. */
  look(accepted: Accepted): LoanState;

  /**
   * Ends the loan: when this returns, the thread takes no client any more, and {@link look} knows of all that it took.
   *
   * @returns the number of the next client; 0 where the listener was closed, which has ended the loan.
   */
  end(): number;
}

/** What goes along with a connection by a {@link Crossing}. */
export interface CrossingNotes {
  /** The number by which the two sides mean this request. */
  readonly id: number;
  /** The server's number for it. */
  readonly requestId: number;
  /** Messages that were sent before it: as many must have been received before it is served. */
  readonly after: number;
}

/** The far end of a {@link Crossing}. */
export interface Arrivals {
  /** Takes what was sent until now. Without this call it comes in one of the next turns of the event loop. */
  receive(): void;
}

export interface BindOptions {
  /** `SO_REUSEADDR`. An engine that cannot switch it off refuses `false`. */
  readonly reuseAddress: boolean;
  /** `SO_REUSEPORT`. */
  readonly reusePort: boolean;
  /** `IPV6_V6ONLY`: `false` lets an IPv6 wildcard address take IPv4 clients too. */
  readonly ipv6Only: boolean;
  /** Permission bits of a Unix path; `undefined` leaves them to the umask. */
  readonly mode?: number | undefined;
}

export interface DatagramBindOptions extends BindOptions {
  /** Bytes that one datagram may hold; the rest is cut off and {@link Datagram.truncated} is set. */
  readonly maxPacketSize: number;
  /** Datagrams that may wait for {@link DatagramPort.receive}, where the engine cannot leave them in the kernel. */
  readonly maxPending: number;
  /** Which one goes when a further datagram arrives at that limit. */
  readonly whenFull: 'drop-oldest' | 'drop-newest';
  /** `SO_RCVBUF` and `SO_SNDBUF`, in bytes; `undefined` leaves the system's default. */
  readonly receiveBufferBytes?: number | undefined;
  readonly sendBufferBytes?: number | undefined;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What requests are pulled from. `isReady` and `notify` are the `select()` of this contract. */
export interface RequestSource {
  /** The bound address, with the real port. Still readable after `close()`. */
  readonly address: SocketAddress;
  /** The descriptor, or -1 when closed or where the platform shows none. */
  readonly fd: number;

  /** Whether a pull would give something (a request or an error) at once. */
  readonly isReady: boolean;

  /**
   * Calls `wake` once, soon after `isReady` became true; at once (but never inside this call) if it is true
   * already. A later call replaces the earlier `wake`; `undefined` cancels it.
   */
  notify(wake: (() => void) | undefined): void;

  /**
   * Stops taking requests and frees the descriptor. Requests that wait in the engine are ended as the
   * operating system ends those in its own queue. Idempotent. Resolves when the descriptor is free.
   */
  close(): Promise<void>;
}

/** A bound stream socket. */
export interface Listener extends RequestSource {
  /** Listens, synchronously. `backlog` is passed to `listen(2)`. @throws the operating system's error. */
  listen(backlog: number): void;

  /**
   * Takes the connection that has waited longest, or `undefined` when none waits.
   *
   * @throws the operating system's error, such as `EMFILE`; the listener stays usable.
   */
  accept(): Connection | undefined;
}

/**
 * One byte stream: accepted and unread, then (after {@link start}) read and written, then closed. Writes, and
 * {@link endWrite}, {@link close}, {@link reset} and {@link handOver} are allowed before `start` too.
 *
 * Calls on a connection that is closed are ignored: its owner learns of that by {@link ConnectionSink.closed}.
 */
export interface Connection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly fd: number;
  /** The process at the other end of a Unix socket, where the engine can tell. */
  readonly peerCredentials?: PeerCredentials | undefined;
  /** What the TLS handshake agreed on; absent where the stream is plain. */
  readonly tls?: TLSFacts | undefined;
  /** What its PROXY header said; absent where it came without. {@link remoteAddress} is the client's then. */
  readonly proxy?: ProxyFacts | undefined;
  /** What its deadlines run by, where that is not the system's time. */
  readonly clock?: Clock | undefined;

  /**
   * Names who gets the news. Reading begins with the first {@link resume}. May be called again: the news go to the new
   * sink from then on, also that of a close which the earlier one has learned of.
   */
  start(sink: ConnectionSink): void;

  /**
   * Lets bytes flow to {@link ConnectionSink.received}, until that returns `false`. The sink may be called from
   * within this call, or later.
   */
  resume(): void;

  /**
   * Sends bytes, after all that were sent before. Many small writes of one turn may become one system call.
   *
   * @param more - whether further writes are likely in this turn: an engine that would make a system call at once
   *   may gather them instead, until a write without `more` or the end of the turn.
   * @returns `true` when the caller's memory is free again, since the kernel or the engine's bounded buffer has
   * taken a copy; `false` when the engine still refers to it, until {@link ConnectionSink.drained}.
   */
  write(bytes: Uint8Array, more?: boolean): boolean;

  /**
   * Sends `length` bytes of an open file with `sendfile(2)`, after all that were written before; resolves with
   * the bytes sent, fewer only at the end of the file. Absent where the engine has no such call.
   */
  readonly sendFile?: ((file: number, offset: number, length: number) => Promise<number>) | undefined;

  /** Ends the writing side (FIN) after everything written. Reading goes on. */
  endWrite(): void;

  /**
   * Sends what was written, ends both sides and frees the descriptor. A connection that was reading reads on meanwhile and
   * the sink throws away what comes, since a peer may send everything before it reads anything.
   *
   * @returns whether the descriptor is free within this turn or the next, whatever the peer does: the kernel has all that
   *   was written. `false` also where the engine cannot tell.
   */
  close(): boolean;

  /** Ends the connection at once: unsent bytes are lost, a TCP peer sees a reset. */
  reset(): void;

  /** `TCP_NODELAY`: on, until told otherwise. */
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, initialDelaySeconds: number): void;

  /**
   * Bytes of those that were sent, encrypted where the stream is, that nobody here has to send any more. Only its growth
   * means something. For those who look now and then: it may cost a system call.
   */
  readonly bytesTaken: number;

  /**
   * Who has taken them: the peer, by its acknowledgements, or the system, whose buffer may hide for long that a peer reads
   * slowly, and let as much go at once.
   */
  readonly takenBy: 'peer' | 'system';

  /** Whether `close()`, `reset()` or the peer has ended this connection. */
  readonly isClosed: boolean;

  /**
   * Gives the connection away to {@link Engine.adopt} elsewhere. This object is closed afterwards, the descriptor is
   * not. What was read before, while nothing flows any more, the caller sends along.
   *
   * @param crossing - of the same engine, to the thread: an engine that has such may have the connection go that way, by
   *   {@link HandedOver.leaving}.
   * @throws UnsupportedError where the platform cannot move one that was read from.
   */
  handOver(target: 'thread' | 'process', crossing?: Crossing): HandedOver;

  /**
   * Leaves the engine for a Node socket, on the same descriptor, with `unread` bytes put back in front. This object is
   * closed then.
   *
   * @returns `undefined`, with nothing changed, where there is no such socket to have: the engine has no descriptor, or
   *   still has to send, or the connection is closed.
   */
  toSocket(unread?: Uint8Array): NodeStream | undefined;
}

/** A socket of Node's, or a stream that can end as one does. */
export interface NodeStream extends Duplex {
  /** Bytes that came from the peer since this is a stream, or since the connection was made; and that went to it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Ends the connection at once: unsent bytes are lost, a TCP peer sees a reset. A Unix socket of Node's throws. */
  resetAndDestroy(): unknown;
  /** As {@link Connection.bytesTaken}, where it is no socket. */
  readonly bytesTaken?: number;
}

/** What a connection tells its owner. Calls never overlap, and none comes after {@link closed}. */
export interface ConnectionSink {
  /**
   * Brings bytes; they belong to the sink from now on, and are never empty.
   *
   * @returns `true` to go on reading, `false` to stop until {@link Connection.resume}. After `false` an engine
   * brings nothing more, so what a handler does not ask for is bounded by one delivery (at most 64 KiB).
   */
  received(bytes: Buffer): boolean;

  /** The peer ended its writing side, after all bytes were brought. At most once. */
  ended(): void;

  /** Every write was accepted: memory that was held since `write()` returned `false` is the caller's again. */
  drained(): void;

  /** The connection is over; with the operating system's error if it failed. Exactly once, and last. */
  closed(error: Error | undefined): void;
}

/** `SO_PEERCRED` of a Unix socket: who was at the other end when the connection was made. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A connection on its way to another thread or process. */
export interface HandedOver {
  /** The plain part, for `postMessage()` or `send()`. */
  readonly message: unknown;
  /** Goes into the transfer list of `worker.postMessage()`; the far side finds it in `message`. */
  readonly transfer?: readonly (Socket | { close(): void })[];
  /** Goes along with `subprocess.send()`; the far side gets it beside the message. */
  readonly handle?: Socket;
  /** The connection itself, where it goes by the crossing that was named instead of all that: it leaves with that. */
  readonly leaving?: Connection;
}

/** A bound datagram socket. */
export interface DatagramPort extends RequestSource {
  readonly address: SocketAddress;

  /** Takes the datagram that has waited longest, or `undefined` when none waits. @throws the operating system's error. */
  receive(): Datagram | undefined;

  /**
   * Sends one datagram. Many of one turn may become one system call.
   *
   * @param from - the address of ours that it shall leave from: a {@link Datagram.localAddress} of this port. Engines
   *   that give none ignore it.
   * @returns nothing when it went out or was copied; a promise when the kernel's buffer is full: `bytes` are the
   * engine's until that settles. An error of the operating system (`EMSGSIZE`, ...) is thrown or rejects.
   */
  send(bytes: Uint8Array, address: SocketAddress, from?: SocketAddress): Promise<void> | undefined;

  /**
   * Has the kernel give what comes from now on to the other sockets of this port (`SO_REUSEPORT`), so that nothing is
   * lost by closing this one. What has come already can still be received; nothing can be sent any more. Where the
   * system has no way for that, datagrams go on coming.
   */
  leavePort(): void;

  /** Datagrams dropped at `maxPending` so far. */
  readonly dropped: number;

  setBroadcast(on: boolean): void;
  addMembership(group: string, networkInterface?: string): void;
  dropMembership(group: string, networkInterface?: string): void;
  setMulticastTTL(ttl: number): void;
  setMulticastLoopback(on: boolean): void;
  setMulticastInterface(networkInterface: string): void;
}

export interface Datagram {
  /** The bytes; they belong to the receiver of this object. */
  readonly bytes: Buffer;
  readonly remoteAddress: SocketAddress;
  /** Whether bytes beyond `maxPacketSize` were cut off. */
  readonly truncated: boolean;
  /** The address of ours that it was sent to, where the port is bound to any address and the engine can tell. */
  readonly localAddress?: SocketAddress | undefined;
}

/** Narrows an address to host and port. */
export function isInetAddress(address: SocketAddress): address is InetAddress {
  return typeof address !== 'string';
}
