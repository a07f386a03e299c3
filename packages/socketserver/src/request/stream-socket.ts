import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SocketAddress } from '../address/socket-address.ts';
import type { Codec } from '../codecs/codec.ts';
import { defaultMaxMessageBytes } from '../codecs/message-limit.ts';
import type { Connection, HandedOver } from '../engine/contract.ts';
import { ConnectionClosedError, IncompleteReadError, MessageTooLongError } from '../errors.ts';
import type { ProxyFacts } from '../proxy-protocol/proxy-header.ts';
import type { TLSFacts } from '../tls/tls-facts.ts';
import { FrameStream } from './frame-stream.ts';
import { joinSmall } from './joined-pieces.ts';
import { type FileToSend, sendFile, type SendFileOptions } from './send-file.ts';
import { secondRead, SocketSink } from './socket-sink.ts';

/** Bytes that one sender may hand to the kernel before the other connections of the thread get their turn. */
const turnBytes = 1_048_576;

/** Bytes, and time, that a closed connection may still take to read the peer's last words. See {@link StreamSocket.close}. */
const lingerLimits = { bytes: 1_048_576, ms: 2_000 };

const newline = Buffer.from('\n');
const done = Promise.resolve();
const nobodyWantsToKnow = (): void => {};

const whyNot = {
  open: 'connection is closed',
  'write-ended': 'writing side of the connection was shut down',
  closed: 'socket is closed',
  moved: 'connection is served by a worker',
};

/** Learns that the descriptor of a socket is free. */
export type SocketClosed = (socket: StreamSocket) => void;

/** How much of a socket `shutdown()` ends. */
export type ShutdownHow = 'read' | 'write' | 'both';

/** What is known here about a connection that was handed over. See {@link StreamSocket.handOver}. */
export interface RemoteConnection {
  /** As {@link StreamSocket.interrupt}. */
  interrupt(reason: Error): void;
  /** As {@link StreamSocket.reset}. */
  reset(): void;
  /** What went over the connection; known once it is closed. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Options of {@link StreamSocket.readUntil} and {@link StreamSocket.readline}. */
export interface ReadUntilOptions {
  /** Bytes that a message may have, its delimiter included. Default 65,536. */
  readonly max?: number;
}

/**
 * One connection, as the handler of a stream server sees it: a pull socket with the names of Python's.
 *
 * Nothing is read that was not asked for, beyond one buffer, and `await sendall()` waits for a peer that does
 * not read; so a slow side slows the other one and memory stays bounded. One read may wait at a time; sends
 * may be called without awaiting and keep their order.
 *
 * @typeParam Address - `InetAddress` for TCP, `string` (a path, mostly empty) for Unix sockets.
 * @see CPython's `socket.socket`
 */
export class StreamSocket<Address extends SocketAddress = SocketAddress> implements AsyncDisposable {
  /** The number of this request: its server counts from 1, over all its workers. 0 where no server accepted it. */
  readonly id: number;
  readonly #connection: Connection;
  readonly #onClosed: SocketClosed;
  #sink: SocketSink<StreamSocket> | undefined;
  #timeout: number | undefined;
  #state: 'open' | 'write-ended' | 'closed' | 'moved' = 'open';
  #interruption: Error | undefined;
  #remote: RemoteConnection | undefined;
  #sentThisTurn = 0;
  #fileIsGoing: Promise<void> | undefined;

  /** Made by servers and by `connect()`. `onClosed` is called once, when the descriptor is free. */
  constructor(connection: Connection, onClosed: SocketClosed = nobodyWantsToKnow, id = 0) {
    this.#connection = connection;
    this.#onClosed = onClosed;
    this.id = id;
  }

  /**
   * Aborts when the peer is gone (reset, or found gone by a send) or the server drains; the reason tells which.
   * A peer that shut its writing side down may still read and does not abort it: see {@link waitForEnd}.
   */
  get signal(): AbortSignal {
    return this.#open().signal;
  }

  /**
   * Waits for bytes.
   *
   * @param max - the most to take, in bytes.
   * @returns 1 to `max` bytes that belong to the caller, as soon as any are there; none at the end of the stream.
   * @throws the operating system's error (`ECONNRESET`), {@link SocketTimeoutError}, {@link ConnectionClosedError}.
   */
  recv(max: number): Promise<Buffer> {
    if (!isSize(max)) return rejectSize('recv', max);
    if (this.#state === 'closed' || this.#state === 'moved') return Promise.reject(this.#refusal('recv'));
    return this.#open().readSome(max, 'recv');
  }

  /**
   * Reads exactly `count` bytes.
   *
   * @throws {@link IncompleteReadError} when the stream ends before; what did arrive stays readable.
   */
  async readExactly(count: number): Promise<Buffer> {
    if (count !== 0 && !isSize(count)) return rejectSize('readExactly', count);
    const sink = this.#reading('readExactly');
    await sink.fill(count, 'readExactly');
    if (sink.queue.length < count) throw new IncompleteReadError(sink.queue.length, count);
    return sink.take(count);
  }

  /**
   * Reads up to and with `delimiter`.
   *
   * @throws {@link MessageTooLongError} when no delimiter is among the first `max` bytes, and
   *   {@link IncompleteReadError} when the stream ends before it; what did arrive stays readable.
   */
  async readUntil(
    delimiter: Uint8Array | string,
    { max = defaultMaxMessageBytes }: ReadUntilOptions = {},
  ): Promise<Buffer> {
    const bytes = Buffer.from(delimiter);
    if (bytes.length === 0) throw new TypeError('Cannot readUntil: delimiter must not be empty');
    const end = await this.#find(bytes, max, 'readUntil');
    if (end === undefined) throw new IncompleteReadError(this.#open().queue.length, undefined);
    return this.#open().take(end);
  }

  /**
   * Reads one line, with its newline. The last line may lack one; at the end of the stream the line is empty.
   *
   * @throws {@link MessageTooLongError} for a line of more than `max` bytes, which stays readable.
   */
  async readline({ max = defaultMaxMessageBytes }: ReadUntilOptions = {}): Promise<Buffer> {
    const end = await this.#find(newline, max, 'readline');
    const sink = this.#open();
    return sink.take(end ?? sink.queue.length);
  }

  /** Shows the next bytes without taking them: 1 to `max`, as soon as any are there; none at the end. */
  async peek(max: number): Promise<Buffer> {
    if (!isSize(max)) return rejectSize('peek', max);
    const sink = this.#reading('peek');
    await sink.fill(1, 'peek');
    return sink.queue.peek(max);
  }

  /**
   * Waits until the peer sends no more, because it shut its writing side down or is gone. Takes no bytes: with 64 KiB or
   * more unread it learns of the end only when some were read. The timeout does not apply.
   *
   * @param options - `signal` gives up.
   * @throws the signal's reason.
   */
  waitForEnd({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#open().waitForEnd(signal);
  }

  /** Yields chunks as they arrive, until the end of the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const chunk = await this.recv(65_536);
      if (chunk.length === 0) return;
      yield chunk;
    }
  }

  /**
   * Reads and writes messages, in the frames of a codec, instead of bytes.
   *
   * @see {@link lengthPrefixed}, {@link delimited}, {@link netstrings}, {@link jsonLines}; {@link Codec} for one of
   *   your own.
   */
  frames<Message, Outgoing = Message>(codec: Codec<Message, Outgoing>): FrameStream<Message, Outgoing> {
    return new FrameStream(codec, {
      reading: (operation) => {
        const sink = this.#reading(operation);
        if (sink.hasReader) throw secondRead(operation);
        return sink;
      },
      send: (pieces) => this.#sendPieces(pieces),
    });
  }

  /**
   * Sends all of `bytes`, after everything sent before; text goes out as UTF-8.
   *
   * Resolves when the kernel or a bounded buffer has them, which is also when the caller's memory is free to
   * change. Waits as long as the peer does not read.
   *
   * @throws the operating system's error (`EPIPE`, `ECONNRESET`), {@link SocketTimeoutError} (how much was sent
   *   is unknown then), {@link ConnectionClosedError}.
   */
  sendall(bytes: Uint8Array | string): Promise<void> {
    if (this.#state !== 'open') return tolerated(Promise.reject(this.#refusal('sendall')));
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    const sink = this.#open();
    if (this.#fileIsGoing !== undefined)
      return tolerated(this.#fileIsGoing.then(() => sink.write(payload, 'sendall')));
    const waiting = sink.write(payload, 'sendall');
    if (waiting !== undefined) return tolerated(waiting);
    this.#sentThisTurn += payload.length;
    return this.#sentThisTurn > turnBytes ? this.#yieldTurn() : done;
  }

  /** Sends as {@link sendall} does, and resolves with the number of bytes: always all of them. */
  send(bytes: Uint8Array | string): Promise<number> {
    const payload = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    return tolerated(this.sendall(payload).then(() => payload.length));
  }

  /**
   * Sends part of a file, after everything sent before: by `sendfile(2)` on the native engine, else through a bounded
   * buffer. Waits as long as the peer does not read; a timeout is for each 128 KiB.
   *
   * @param file - a path, or a file that is open, which stays open and keeps its position.
   * @returns the number of bytes sent: fewer than `length` only where the file ends.
   * @throws as {@link sendall}, and the system's errors about the file (`ENOENT`, ...).
   * @see CPython `socket.sendfile`
   */
  sendfile(file: FileToSend, options: SendFileOptions = {}): Promise<number> {
    if (this.#state !== 'open') return tolerated(Promise.reject(this.#refusal('sendfile')));
    const sending = this.#sendFile(this.#open(), file, options);
    // What is sent meanwhile waits behind the file, whether or not that arrives whole.
    const settled = settle(sending, () => {
      if (this.#fileIsGoing === settled) this.#fileIsGoing = undefined;
    });
    this.#fileIsGoing = settled;
    return tolerated(sending);
  }

  async #sendFile(
    sink: SocketSink<StreamSocket>,
    file: FileToSend,
    options: SendFileOptions,
  ): Promise<number> {
    await this.#fileIsGoing;
    return sendFile(sink, file, options);
  }

  /**
   * Ends one direction or both. `'write'` sends FIN after everything sent: the peer reads the rest and then the
   * end, and may go on sending. `'read'` throws away what arrives from now on.
   */
  shutdown(how: ShutdownHow): void {
    if (how !== 'read' && how !== 'write' && how !== 'both') {
      throw new TypeError(`Cannot shutdown: how must be 'read', 'write' or 'both', got ${String(how)}`);
    }
    if (this.#state === 'closed' || this.#state === 'moved') return;
    if (how !== 'read' && this.#state === 'open') {
      this.#state = 'write-ended';
      const sink = this.#open();
      if (this.#fileIsGoing === undefined) sink.connection.endWrite();
      else void this.#fileIsGoing.then(() => sink.connection.endWrite());
    }
    if (how !== 'write') {
      this.#open().discard();
    }
  }

  /**
   * Ends the connection in good order, and returns at once: what was sent still goes out, in the background, for at most
   * a minute.
   *
   * A peer whose bytes were not all read would get a reset for them, and with it might lose the end of our
   * answer; so where unread bytes are possible, they are read and thrown away until the peer ends, for at most
   * two seconds and 1 MiB. [RFC 1122 4.2.2.13, RFC 2525 2.17]
   */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'moved') return;
    this.#state = 'closed';
    this.#open().close(lingerLimits, this.#fileIsGoing);
  }

  /**
   * Ends the connection at once: unsent bytes are lost, and a TCP peer sees a reset.
   *
   * @param reason - what operations that wait for it fail with; default a {@link ConnectionClosedError}.
   */
  reset(reason?: Error): void {
    if (this.#state === 'moved') {
      this.#remote?.reset();
      return;
    }
    const sink = this.#open();
    this.#state = 'closed';
    sink.reset(reason);
  }

  /** Aborts {@link signal} with `reason`. Servers call it when they drain. */
  interrupt(reason: Error): void {
    this.#interruption ??= reason;
    this.#remote?.interrupt(reason);
    this.#sink?.abort(reason);
  }

  /**
   * Gives the connection away to a worker, before its first use. This object is only a name for it afterwards:
   * `interrupt()` and `reset()` reach it through `remote`, everything else finds it closed. Servers call it.
   *
   * @throws TypeError for a connection that was used already.
   */
  handOver(target: 'thread' | 'process', remote: RemoteConnection): HandedOver {
    if (this.#sink !== undefined || this.#state !== 'open') {
      throw new TypeError(
        'Cannot hand the connection over to a worker: it must be untouched, got one that was used; verifyRequest' +
          ' may look at its addresses only',
      );
    }
    if (this.#connection.isClosed) throw new GoneBeforeHandOver();
    const handedOver = this.#connection.handOver(target);
    this.#state = 'moved';
    this.#remote = remote;
    if (this.#interruption !== undefined) remote.interrupt(this.#interruption);
    return handedOver;
  }

  /** Whether the connection was given away by {@link handOver}. */
  get isHandedOver(): boolean {
    return this.#state === 'moved';
  }

  /** The connection that was handed over is closed. Servers call it. */
  remoteClosed(): void {
    this.#onClosed(this);
  }

  /** Bytes that arrived so far; for a connection that was handed over, once it is closed. */
  get bytesRead(): number {
    return this.#remote?.bytesRead ?? this.#sink?.bytesRead ?? 0;
  }

  /** Bytes that were sent so far; for a connection that was handed over, once it is closed. */
  get bytesWritten(): number {
    return this.#remote?.bytesWritten ?? this.#sink?.bytesWritten ?? 0;
  }

  /** Whether `error` is this connection's own end, by its peer or by a drain: nothing that a log need show. */
  isPeerGone(error: unknown): boolean {
    return error instanceof GoneBeforeHandOver || (error instanceof Error && error === this.#sink?.failure);
  }

  /** Lets each later operation wait at most `seconds`; `undefined` or `null` for ever, which is the default. */
  settimeout(seconds: number | null | undefined): void {
    if (seconds != null && !(seconds > 0)) {
      throw new RangeError(`Cannot settimeout: seconds must be above 0, or undefined, got ${seconds}`);
    }
    this.#timeout = seconds == null || seconds === Infinity ? undefined : seconds;
    if (this.#sink !== undefined) this.#sink.timeout = this.#timeout;
  }

  gettimeout(): number | undefined {
    return this.#timeout;
  }

  /** What the TLS handshake agreed on, and the client's certificate; `undefined` on a plain connection. */
  get tls(): TLSFacts | undefined {
    return this.#connection.tls;
  }

  /** What the PROXY header of the connection said; `undefined` where it came without. */
  get proxy(): ProxyFacts | undefined {
    return this.#connection.proxy;
  }

  /**
   * The other end of the connection, and where it came with a PROXY header that names a client, that client: what the
   * handler has as `clientAddress`. `proxy.peerAddress` is the proxy then.
   */
  getpeername(): Address {
    return this.#connection.remoteAddress as Address;
  }

  /** The own end of the connection; where a client behind a proxy connected to is `proxy.destination`. */
  getsockname(): Address {
    return this.#connection.localAddress as Address;
  }

  /** The descriptor, or -1 when closed or where the platform shows none. */
  fileno(): number {
    return this.#connection.fd;
  }

  /** `TCP_NODELAY`: sends small pieces at once instead of waiting for the acknowledgement of earlier ones. */
  setNoDelay(on = true): void {
    this.#connection.setNoDelay(on);
  }

  /** `SO_KEEPALIVE`: probes a silent peer after `initialDelaySeconds` of silence, so that a dead one is found. */
  setKeepAlive(on = true, initialDelaySeconds = 60): void {
    this.#connection.setKeepAlive(on, initialDelaySeconds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return done;
  }

  /** Starts the connection with its first use, so that an untouched one can still be handed to a worker. */
  #open(): SocketSink<StreamSocket> {
    if (this.#sink === undefined) {
      if (this.#state === 'moved') throw this.#refusal('use the socket');
      this.#sink = new SocketSink<StreamSocket>(this.#connection, this, this.#onClosed);
      this.#sink.timeout = this.#timeout;
      if (this.#interruption !== undefined) this.#sink.abort(this.#interruption);
    }
    return this.#sink;
  }

  #reading(operation: string): SocketSink<StreamSocket> {
    if (this.#state === 'closed' || this.#state === 'moved') throw this.#refusal(operation);
    return this.#open();
  }

  /** What an operation fails with when it comes too late: the connection's own failure, where that ended it. */
  #refusal(operation: string): Error {
    if (this.#sink?.failure !== undefined) return this.#sink.failure;
    return new ConnectionClosedError(`Cannot ${operation}: the ${whyNot[this.#state]}`);
  }

  /** Resolves with the offset after `delimiter`, or `undefined` when the stream ends before one. */
  async #find(delimiter: Buffer, max: number, operation: string): Promise<number | undefined> {
    if (!isSize(max)) return rejectSize(operation, max);
    const sink = this.#reading(operation);
    let searched = 0;
    for (;;) {
      const found = sink.queue.indexOf(delimiter, searched);
      const end = found + delimiter.length;
      if (found !== -1 && end <= max) return end;
      if (found !== -1 || sink.queue.length >= max) throw new MessageTooLongError(operation, max);
      const { length } = sink.queue;
      searched = Math.max(0, length - delimiter.length + 1);
      await sink.fill(length + 1, operation);
      if (sink.queue.length === length) return undefined;
    }
  }

  #sendPieces(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#state !== 'open') return tolerated(Promise.reject(this.#refusal('write')));
    const sink = this.#open();
    const joined = joinSmall(pieces);
    if (this.#fileIsGoing !== undefined)
      return tolerated(this.#fileIsGoing.then(() => sink.writeAll(joined, 'write')));
    const waiting = sink.writeAll(joined, 'write');
    if (waiting !== undefined) return tolerated(waiting);
    for (const { length } of joined) this.#sentThisTurn += length;
    return this.#sentThisTurn > turnBytes ? this.#yieldTurn() : done;
  }

  async #yieldTurn(): Promise<void> {
    this.#sentThisTurn = 0;
    await nextTurn();
  }
}

/** The peer was gone before a worker took the connection: its end, and no fault of anybody's. */
class GoneBeforeHandOver extends ConnectionClosedError {
  constructor() {
    super('Cannot hand the connection over to a worker: it is closed');
  }
}

function isSize(size: number): boolean {
  return size > 0 && (Number.isInteger(size) || size === Infinity);
}

/**
 * Lets nobody be ended by a send whose outcome they do not look at: a peer that goes would take the process with it. The
 * next operation and the signal tell of the same failure.
 */
function tolerated<Result>(sending: Promise<Result>): Promise<Result> {
  sending.catch(() => {});
  return sending;
}

/** Resolves when `sending` has ended either way, after calling `ended`. */
async function settle(sending: Promise<unknown>, ended: () => void): Promise<void> {
  try {
    await sending;
  } catch {
    // whoever called sendfile() learns of it
  }
  ended();
}

function rejectSize(operation: string, size: number): Promise<never> {
  return Promise.reject(
    new RangeError(`Cannot ${operation}: the number of bytes must be above 0, got ${String(size)}`),
  );
}
