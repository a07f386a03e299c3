import type { SocketAddress } from '../address/socket-address.ts';
import type { Codec } from '../codecs/codec.ts';
import { defaultMaxMessageBytes } from '../codecs/message-limit.ts';
import { IncompleteReadError } from '../errors/connection-errors.ts';
import { isByteCount, refuseByteCount } from './byte-count.ts';
import { findDelimiter } from './find-delimiter.ts';
import { FrameStream } from './frame-stream.ts';
import { joinSmall } from './joined-pieces.ts';
import { bytesOrEnd, iterate } from './message-iterator.ts';
import type { SocketSink } from './socket-sink.ts';
import { UpgradableSocket } from './upgradable-socket.ts';

/** Bytes of one chunk of an iteration. */
const chunkBytes = 65_536;

const newline = Buffer.from('\n');

/** Options of {@link StreamSocket.readUntil}, {@link StreamSocket.readline} and {@link StreamSocket.lines}. */
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
 * All reads take from the same buffer: a line, then frames, then raw bytes lose nothing between them. What a read gives
 * is the caller's own, and may be a view of more that arrived with it: a small piece that is kept for long is better
 * copied.
 *
 * @typeParam Address - `InetAddress` for TCP, `string` (a path, mostly empty) for Unix sockets.
 * @see CPython's `socket.socket`
 */
export class StreamSocket<Address extends SocketAddress = SocketAddress> extends UpgradableSocket<Address> {
  /**
   * Waits for bytes.
   *
   * @param max - the most to take, in bytes.
   * @returns 1 to `max` bytes, as soon as any are there; none at the end of the stream.
   * @throws the operating system's error (`ECONNRESET`), {@link SocketTimeoutError}, {@link ConnectionClosedError}.
   */
  recv(max: number): Promise<Buffer> {
    if (!isByteCount(max)) return refuseByteCount('recv', max);
    if (!this.isReadable) return Promise.reject(this.refusal('recv'));
    return this.open().readSome(max, 'recv');
  }

  /**
   * Reads exactly `count` bytes.
   *
   * @throws {@link IncompleteReadError} when the stream ends before; what did arrive stays readable.
   */
  readExactly(count: number): Promise<Buffer> {
    if (count !== 0 && !isByteCount(count)) return refuseByteCount('readExactly', count);
    const there = this.#sinkAtHand()?.takeIfThere(count);
    return there === undefined ? this.#readExactly(count) : Promise.resolve(there);
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
    if (!isByteCount(max)) return refuseByteCount('readUntil', max);
    const sink = this.reading('readUntil');
    const end = await findDelimiter(sink, { delimiter: bytes, max, operation: 'readUntil' });
    if (end === undefined) throw new IncompleteReadError(sink.queue.length, undefined);
    return sink.take(end);
  }

  /**
   * Reads one line, with its newline. The last line may lack one; at the end of the stream the line is empty.
   *
   * @throws {@link MessageTooLongError} for a line of more than `max` bytes, which stays readable.
   */
  readline({ max = defaultMaxMessageBytes }: ReadUntilOptions = {}): Promise<Buffer> {
    const line = this.#lineAtHand(max);
    return line === undefined ? this.#readline(max) : Promise.resolve(line);
  }

  /** Yields lines as {@link readline} gives them, until the end of the stream. */
  lines({ max = defaultMaxMessageBytes }: ReadUntilOptions = {}): AsyncIterableIterator<Buffer, undefined> {
    return iterate(
      () => this.#lineAtHand(max),
      () => this.#readline(max).then(bytesOrEnd),
    );
  }

  /**
   * Shows the next bytes without taking them.
   *
   * @param max - the most to show, in bytes.
   * @param options - `min`: wait until so many are there. Default 1.
   * @returns `min` to `max` bytes; fewer where the stream ends before.
   * @throws as {@link recv}; RangeError for a `min` above `max`.
   */
  async peek(max: number, { min = 1 }: { readonly min?: number | undefined } = {}): Promise<Buffer> {
    if (!isByteCount(max)) return refuseByteCount('peek', max);
    if (!isByteCount(min) || min > max) {
      throw new RangeError(`Cannot peek: min must be an integer from 1 to max (${max}), got ${min}`);
    }
    const sink = this.reading('peek');
    await sink.fill(min, 'peek');
    return sink.queue.peek(max);
  }

  /**
   * Waits until the peer sends no more, because it shut its writing side down or is gone. Takes no bytes: with 64 KiB or
   * more unread it learns of the end only when some were read. The timeout does not apply.
   *
   * @param options - `signal` gives up.
   * @throws the signal's reason.
   */
  async waitForEnd({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.requireHere('waitForEnd');
    return this.open().waitForEnd(signal);
  }

  /** Yields chunks as they arrive, until the end of the stream. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer, undefined> {
    return iterate(
      () => this.#sinkAtHand()?.takeChunkIfThere(chunkBytes),
      () => this.recv(chunkBytes).then(bytesOrEnd),
    );
  }

  /**
   * Reads and writes messages, in the frames of a codec, instead of bytes.
   *
   * @see {@link lengthPrefixed}, {@link delimited}, {@link netstrings}, {@link jsonLines}; {@link Codec} for one of
   *   your own.
   */
  frames<Message, Outgoing = Message>(codec: Codec<Message, Outgoing>): FrameStream<Message, Outgoing> {
    return new FrameStream(codec, {
      reading: (operation) => this.reading(operation),
      send: (pieces) => this.sendPieces(joinSmall(pieces), 'write'),
    });
  }

  async #readExactly(count: number): Promise<Buffer> {
    const sink = this.reading('readExactly');
    await sink.fill(count, 'readExactly');
    if (sink.queue.length < count) throw new IncompleteReadError(sink.queue.length, count);
    return sink.take(count);
  }

  async #readline(max: number): Promise<Buffer> {
    if (!isByteCount(max)) return refuseByteCount('readline', max);
    const sink = this.reading('readline');
    const end = await findDelimiter(sink, { delimiter: newline, max, operation: 'readline' });
    return sink.take(end ?? sink.queue.length);
  }

  #lineAtHand(max: number): Buffer | undefined {
    return this.#sinkAtHand()?.takeLineIfThere(max);
  }

  /** Where a read may look first, and need not wait for what is there; `undefined` where it may not look at all. */
  #sinkAtHand(): SocketSink | undefined {
    if (!this.isReadable) return undefined;
    const sink = this.open();
    return sink.hasReader ? undefined : sink;
  }
}
