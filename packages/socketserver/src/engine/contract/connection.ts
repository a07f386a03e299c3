import type { Socket } from 'node:net';
import type { SocketAddress } from '../../address/socket-address.ts';
import type { ProxyFacts } from '../../proxy-protocol/proxy-header.ts';
import type { TLSFacts } from '../../tls/tls-facts.ts';
import type { Clock } from '../clock.ts';
import type { Loan, LoanTerms } from './loan.ts';
import type { NodeStream } from './node-stream.ts';
import type { RequestSource } from './request-source.ts';

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
   * Gives the connection away to `Engine.adopt()` elsewhere. This object is closed afterwards, the descriptor is
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

  /**
   * The connection is over; with the operating system's error if it failed before its owner has ended it by `close()` or
   * `reset()`. Exactly once, and last.
   */
  closed(error: Error | undefined): void;
}

/** `SO_PEERCRED` of a Unix socket: who was at the other end when the connection was made. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
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
