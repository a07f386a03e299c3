import type { Codec } from '../codecs/codec.ts';
import { type FrameInput, FrameReader } from './frame-reader.ts';
import { iterate, messageOrEnd } from './message-iterator.ts';

/** Bytes of messages that are handed over to be sent at once. */
const blockBytes = 65_536;

/** The reading side of the socket under a {@link FrameStream}. */
export interface FrameSource extends FrameInput {
  readonly hasEnded: boolean;
  /** Waits until `queue` holds `count` bytes, or for the end. */
  fill(count: number, operation: string): Promise<void>;
}

/** The socket under a {@link FrameStream}. */
export interface FrameSocket {
  /** @throws where it cannot be read now. */
  reading(operation: string): FrameSource;
  send(pieces: readonly Uint8Array[]): Promise<void>;
}

/**
 * A connection as messages instead of bytes: what `request.frames(codec)` gives.
 *
 * It keeps no bytes of its own: what it has not taken is there for the socket's other reads, so lines, frames and raw
 * bytes may follow one another, and several codecs. Messages that have arrived are decoded without waiting, and
 * nothing is read ahead, so a slow reader slows its peer.
 *
 * You call everything here. One read may wait at a time; writes keep their order, also with those of the socket.
 *
 * @typeParam Message - what the codec reads.
 * @typeParam Outgoing - what it writes, where that is more.
 *
 * @example
 * const frames = this.request.frames(lengthPrefixed());
 * for await (const message of frames) await frames.write(message);
 */
export class FrameStream<Message, Outgoing = Message> {
  readonly #codec: Codec<Message, Outgoing>;
  readonly #socket: FrameSocket;
  readonly #reader: FrameReader<Message>;

  /** Made by `request.frames()`. */
  constructor(codec: Codec<Message, Outgoing>, socket: FrameSocket) {
    this.#codec = codec;
    this.#socket = socket;
    this.#reader = new FrameReader(codec);
  }

  /**
   * Reads one message.
   *
   * @returns the message; `undefined` at the end of the stream.
   * @throws {@link FrameError} (`'too-long'`, `'malformed'`, and `'incomplete'` where the stream ends within a frame), of
   *   which nothing was taken; whatever else the codec throws; errors as those of the socket's `recv()`.
   */
  read(): Promise<Message | undefined> {
    try {
      const message = this.#takeNow();
      return message === undefined ? this.#readLater() : Promise.resolve(message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Yields the messages until the end of the stream; leaving the loop ends nothing. Throws as {@link read} does. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    return iterate(
      () => this.#takeNow(),
      () => this.#readLater().then(messageOrEnd),
    );
  }

  /**
   * Sends one message, after everything sent before.
   *
   * @returns a promise of the moment in which the kernel or a bounded buffer has it, and its memory is the caller's
   *   again: awaiting it is the back pressure.
   * @throws what `codec.encode` throws; errors as those of the socket's `sendall()`.
   */
  write(message: Outgoing): Promise<void> {
    try {
      return this.#socket.send(this.#encode(message));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends many messages in order, small ones together. Waits as {@link write} does while the peer does not read:
   * `messages` is asked for more only as they go out.
   *
   * @throws as {@link write} does; what came before a message that cannot be encoded was sent.
   */
  async writeAll(messages: Iterable<Outgoing> | AsyncIterable<Outgoing>): Promise<void> {
    if (Symbol.asyncIterator in messages) {
      for await (const message of messages) await this.write(message);
      return;
    }
    let pieces: Uint8Array[] = [];
    let bytes = 0;
    const send = (): Promise<void> => {
      const sending = this.#socket.send(pieces);
      pieces = [];
      bytes = 0;
      return sending;
    };
    try {
      for (const message of messages) {
        for (const piece of this.#encode(message)) {
          pieces.push(piece);
          bytes += piece.length;
        }
        if (bytes >= blockBytes) await send();
      }
    } finally {
      if (pieces.length > 0) await send();
    }
  }

  #encode(message: Outgoing): readonly Uint8Array[] {
    const encoded = this.#codec.encode(message);
    return encoded instanceof Uint8Array ? [encoded] : encoded;
  }

  #takeNow(): Message | undefined {
    return this.#reader.take(this.#socket.reading('read'));
  }

  async #readLater(): Promise<Message | undefined> {
    const source = this.#socket.reading('read');
    for (;;) {
      await source.fill(this.#reader.needed, 'read');
      const message = this.#reader.take(source);
      if (message !== undefined) return message;
      if (source.queue.length >= this.#reader.needed || !source.hasEnded) continue;
      if (source.queue.length === 0) return undefined;
      throw this.#reader.incomplete(source);
    }
  }
}
