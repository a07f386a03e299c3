import type { SocketAddress } from '../address/socket-address.ts';
import type { Pace, TimedRequest } from '../deadlines/timed-request.ts';
import type { HandshakeFacts } from '../diagnostics/tls-events.ts';
import type { Connection, Crossing, HandedOver } from '../engine/contract/connection.ts';
import { ConnectionClosedError } from '../errors/connection-errors.ts';
import { timeoutDefaults } from '../options/timeout-options.ts';
import { ConnectionFacts } from './connection-facts.ts';
import type { RemoteConnection } from './remote-connection.ts';
import { secondRead } from './reading-sink.ts';
import { SocketSink } from './socket-sink.ts';
import { type SocketState, whyNot } from './socket-state.ts';

/** Bytes, and time, that a closed connection may still take to read the peer's last words. See {@link BaseSocket.close}. */
const lingerLimits = { bytes: 1_048_576, ms: 2_000 };

const done = Promise.resolve();

/** Who made a socket, and has others of the kind: one object for all of them. */
export interface SocketHost {
  /** Milliseconds that a TLS handshake may take. */
  readonly handshakeMs: number;
  /** Whether reads find the end of the stream once the handler was told to end. */
  readonly endReadsOnDrain: boolean;
  /** The descriptor of a socket is free. Called once for each. */
  socketClosed(socket: BaseSocket): void;
  /** `startTLS()` has made us the TLS server of a socket's peer. */
  handshakeDone(socket: BaseSocket, handshake: HandshakeFacts): void;
  /** It did not get through that handshake. */
  handshakeFailed(socket: BaseSocket, error: Error): void;
}

const nobody: SocketHost = {
  handshakeMs: timeoutDefaults.handshakeMs,
  endReadsOnDrain: false,
  socketClosed: () => {},
  handshakeDone: () => {},
  handshakeFailed: () => {},
};

/**
 * The life of a connection, from its first use to its end: what a `StreamSocket` is besides reading and writing.
 *
 * *You call* what has no word of servers in its description.
 *
 * @typeParam Address - as of `StreamSocket`.
 */
export abstract class BaseSocket<Address extends SocketAddress = SocketAddress>
  extends ConnectionFacts<Address>
  implements AsyncDisposable, TimedRequest
{
  /** The number of this request: its server counts from 1, over all its workers. 0 where no server accepted it. */
  readonly id: number;
  /** Where its server has it among those that are open. Servers set it. */
  place = -1;
  /** Where its deadlines are kept. Servers set it. */
  watchPlace = -1;
  /** The end of the file that is being sent: what is sent meanwhile waits for it. */
  protected file: Promise<void> | undefined;
  protected state: SocketState = 'open';
  protected readonly host: SocketHost;
  /** Where the connection is while it is not here. */
  protected remote: RemoteConnection | undefined;
  #sink: SocketSink | undefined;
  #timeout: number | undefined;
  #interruption: Error | undefined;

  /** Made by servers and by `connect()`. */
  constructor(connection: Connection, host: SocketHost = nobody, id = 0) {
    super(connection);
    this.host = host;
    this.id = id;
  }

  /**
   * Aborts when the peer is gone (reset, or found gone by a send) or the server drains; the reason tells which.
   * A peer that shut its writing side down may still read and does not abort it: see `waitForEnd`.
   */
  get signal(): AbortSignal {
    return this.open().signal;
  }

  /**
   * Ends the connection in good order, and returns at once: what was sent still goes out, in the background, for at most
   * a minute, or two where the peer takes most of it late; then the connection is reset. After `detach()` it does nothing.
   *
   * A peer whose bytes were not all read would get a reset for them, and with it might lose the end of our
   * answer; so where unread bytes are possible, they are read and thrown away: while the answer goes out, and then until
   * the peer ends, for at most two seconds and 1 MiB. [RFC 1122 4.2.2.13, RFC 2525 2.17]
   */
  close(): void {
    if (this.state === 'securing') this.reset();
    if (this.isOver || this.state === 'securing') return;
    this.state = 'closed';
    this.open().close(lingerLimits, this.file);
  }

  /**
   * Ends the connection at once, also one that was detached: unsent bytes are lost, and a TCP peer sees a reset.
   *
   * @param reason - what operations that wait for it fail with; default a {@link ConnectionClosedError}.
   */
  reset(reason?: Error): void {
    if (this.remote !== undefined) {
      this.remote.reset(reason);
      return;
    }
    const sink = this.open();
    this.state = 'closed';
    sink.reset(reason);
  }

  /** Aborts {@link signal} with `reason`. Servers call it when they drain. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    this.remote?.interrupt(reason);
    if (this.#sink !== undefined) this.#tell(this.#sink, reason);
  }

  /**
   * Gives the connection away to a worker, before its first use. This object is only a name for it afterwards:
   * `interrupt()` and `reset()` reach it through `remote`, everything else finds it closed. Servers call it.
   *
   * @throws TypeError for a connection that was used already.
   */
  handOver(target: 'thread' | 'process', remote: RemoteConnection, crossing?: Crossing): HandedOver {
    if (this.#sink !== undefined || this.state !== 'open') {
      throw new TypeError(
        'Cannot hand the connection over to a worker: it must be untouched, got one that was used; verifyRequest' +
          ' may look at its addresses only',
      );
    }
    if (this.connection.isClosed) throw new GoneBeforeHandOver();
    const handedOver = this.connection.handOver(target, crossing);
    this.state = 'moved';
    this.remote = remote;
    if (this.#interruption !== undefined) remote.interrupt(this.#interruption);
    return handedOver;
  }

  /** Whether the connection was given away by {@link handOver}. Servers look at it. */
  get isHandedOver(): boolean {
    return this.state === 'moved';
  }

  /** What the connection does now; `undefined` before its first use, and while it is not here. Deadlines look at it. */
  get pace(): Pace | undefined {
    return this.isReadable ? this.#sink : undefined;
  }

  /** Whether the connection was closed here, or given away for good. Servers look at it. */
  get isOver(): boolean {
    return this.state === 'closed' || this.state === 'moved' || this.state === 'detached';
  }

  /** The descriptor is free, here or in a worker. Servers call it, and the connection. */
  connectionClosed(): void {
    this.host.socketClosed(this);
  }

  /** Bytes that arrived so far; for a connection that was handed over, once it is closed. */
  get bytesRead(): number {
    return this.remote?.bytesRead ?? this.#sink?.bytesRead ?? 0;
  }

  /** Bytes that were sent so far; for a connection that was handed over, once it is closed. */
  get bytesWritten(): number {
    return this.remote?.bytesWritten ?? this.#sink?.bytesWritten ?? 0;
  }

  /** Whether `error` is this connection's own end, by its peer or by a drain: nothing that a log need show. */
  isPeerGone(error: unknown): boolean {
    if (error instanceof GoneBeforeHandOver) return true;
    return (
      error instanceof Error && (error === this.#sink?.failure || this.remote?.isItsEnd?.(error) === true)
    );
  }

  /** Lets each later operation wait at most `seconds`; `undefined` or `null` for ever, which is the default. */
  settimeout(seconds: number | null | undefined): void {
    this.requireHere('settimeout');
    if (seconds != null && !(seconds > 0)) {
      throw new RangeError(`Cannot settimeout: seconds must be above 0, or undefined, got ${seconds}`);
    }
    this.#timeout = seconds == null || seconds === Infinity ? undefined : seconds;
  }

  gettimeout(): number | undefined {
    return this.#timeout;
  }

  /**
   * `TCP_NODELAY`: sends small pieces at once instead of waiting for the acknowledgement of earlier ones. It is on by itself,
   * since what is written in one turn goes together anyway; `setNoDelay(false)` turns Nagle's algorithm on.
   */
  setNoDelay(on = true): void {
    this.requireHere('setNoDelay');
    this.connection.setNoDelay(on);
  }

  /** `SO_KEEPALIVE`: probes a silent peer after `initialDelaySeconds` of silence, so that a dead one is found. */
  setKeepAlive(on = true, initialDelaySeconds = 60): void {
    this.requireHere('setKeepAlive');
    this.connection.setKeepAlive(on, initialDelaySeconds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return done;
  }

  /** Starts the connection with its first use, so that an untouched one can still be handed to a worker. */
  protected open(): SocketSink {
    if (this.#sink === undefined) {
      if (this.state === 'moved') throw this.refusal('use the socket');
      this.#sink = new SocketSink(this.connection, this);
      if (this.#interruption !== undefined) this.#tell(this.#sink, this.#interruption);
    }
    return this.#sink;
  }

  #tell(sink: SocketSink, reason: Error): void {
    sink.abort(reason);
    if (this.host.endReadsOnDrain) sink.endReads();
  }

  /** Whether reads may be called: what the peer sends comes here. */
  protected get isReadable(): boolean {
    return this.state === 'open' || this.state === 'write-ended';
  }

  /** The state under the socket, for a read that takes what it needs from there. @throws where none may begin now. */
  protected reading(operation: string): SocketSink {
    if (!this.isReadable) throw this.refusal(operation);
    const sink = this.open();
    if (sink.hasReader) throw secondRead(operation);
    return sink;
  }

  /**
   * Gives the connection out of this object's hands: to a TLS handshake, or for good. Its caller sets {@link remote}.
   *
   * @throws TypeError while a read or a send waits; what other operations would fail with now.
   */
  protected giveAway(operation: string, state: 'securing' | 'detached'): SocketSink {
    if (!this.isReadable) throw this.refusal(operation);
    const sink = this.open();
    if (sink.failure !== undefined) throw sink.failure;
    if (sink.hasReader || sink.isSending || this.file !== undefined) {
      throw new TypeError(`Cannot ${operation}: every read and send of this socket must have ended first`);
    }
    this.state = state;
    return sink;
  }

  /** Goes on with what the connection has become. */
  protected goOn(connection: Connection): void {
    this.connection = connection;
    this.remote = undefined;
    this.state = 'open';
    this.open().enter(connection);
  }

  /** The connection came to its end out of this object's hands. */
  protected endedElsewhere(error: Error): void {
    this.remote = undefined;
    this.state = 'closed';
    this.open().closed(error);
  }

  /** @throws where the connection is in other hands, for which this object's word means nothing. */
  protected requireHere(operation: string): void {
    if (this.state === 'detached' || this.state === 'securing') throw this.refusal(operation);
  }

  /** What an operation fails with when it comes too late: the connection's own failure, where that ended it. */
  protected refusal(operation: string): Error {
    if (this.#sink?.failure !== undefined) return this.#sink.failure;
    return new ConnectionClosedError(`Cannot ${operation}: the ${whyNot[this.state]}`);
  }
}

/** The peer was gone before a worker took the connection: its end, and no fault of anybody's. */
class GoneBeforeHandOver extends ConnectionClosedError {
  constructor() {
    super('Cannot hand the connection over to a worker: it is closed');
  }
}
