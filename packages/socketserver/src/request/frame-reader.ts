import type { Codec, Decoded } from '../codecs/codec.ts';
import { defaultMaxMessageBytes } from '../codecs/message-limit.ts';
import { FrameError } from '../errors/frame-error.ts';
import type { ByteQueue } from './byte-queue.ts';

/** What has arrived on a stream. */
export interface FrameInput {
  readonly queue: ByteQueue;
  /** Bytes of the stream so far, with those in `queue`. */
  readonly bytesRead: number;
  /** Drops bytes of `queue`. */
  skip(count: number): void;
}

/** Takes messages from what has arrived, in the frames of one codec. */
export class FrameReader<Message> {
  readonly #codec: Codec<Message, never>;
  readonly #maxFrameBytes: number;
  #needed = 1;
  /** Bytes that the codec has found too few, and where in the stream they begin. */
  #seen = 0;
  #seenAt = 0;

  constructor(codec: Codec<Message, never>) {
    this.#codec = codec;
    this.#maxFrameBytes = codec.maxFrameBytes ?? defaultMaxMessageBytes;
  }

  /** Bytes that must be there before another {@link take} makes sense, after one that gave nothing. */
  get needed(): number {
    return this.#needed;
  }

  /**
   * Takes the next message, if it is whole.
   *
   * @throws {@link FrameError} with its place in the stream; what else the codec throws; TypeError for a codec that
   *   breaks its contract. Nothing was taken then.
   */
  take(input: FrameInput): Message | undefined {
    const { queue } = input;
    this.#needed = 1;
    if (queue.length === 0) return undefined;
    const at = input.bytesRead - queue.length;
    let seen = at === this.#seenAt ? this.#seen : 0;
    for (;;) {
      const bytes = queue.first;
      const result = this.#decode(bytes, seen, at);
      if (typeof result === 'object') {
        this.#checkSize(result, bytes.length, at);
        this.#seen = 0;
        input.skip(result.size);
        return result.message;
      }
      const needed = this.#checkNeed(result, bytes.length, at);
      if (queue.length < needed) {
        this.#needed = needed;
        this.#seen = bytes.length;
        this.#seenAt = at;
        return undefined;
      }
      queue.join(result);
      seen = bytes.length;
    }
  }

  /** The error of a stream that ends in the middle of what is in `queue`. */
  incomplete({ queue, bytesRead }: FrameInput): FrameError {
    return new FrameError('incomplete', `the stream ended after ${queue.length} bytes of a frame`, {
      offset: bytesRead - queue.length,
    });
  }

  #decode(bytes: Buffer, seen: number, at: number): ReturnType<Codec<Message>['decode']> {
    try {
      return this.#codec.decode(bytes, seen);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      const { fault, reason, offset, limit, cause } = error;
      throw new FrameError(fault, reason, {
        offset: at + offset,
        limit,
        ...(cause === undefined ? {} : { cause }),
      });
    }
  }

  #checkSize({ message, size }: Decoded<Message>, length: number, at: number): void {
    if (!(size > 0 && size <= length && Number.isInteger(size))) {
      throw new TypeError(
        `Cannot read a frame: the size from codec.decode must be an integer from 1 to ${length}, got ${size}`,
      );
    }
    if (message === undefined) {
      throw new TypeError(
        'Cannot read a frame: the message from codec.decode must be a value, got undefined',
      );
    }
    if (size > this.#maxFrameBytes) this.#refuse(at);
  }

  /** @returns how many bytes must be there, of which `length` are. */
  #checkNeed(result: number | undefined, length: number, at: number): number {
    const needed = result ?? length + 1;
    if (!(needed > length)) {
      throw new TypeError(
        `Cannot read a frame: codec.decode must ask for more than the ${length} bytes that it was given, got ${needed}`,
      );
    }
    if (needed > this.#maxFrameBytes) this.#refuse(at);
    return needed;
  }

  #refuse(offset: number): never {
    const limit = this.#maxFrameBytes;
    throw new FrameError('too-long', `a frame may have ${limit} bytes, the peer sends a longer one`, {
      offset,
      limit,
    });
  }
}
