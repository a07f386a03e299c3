/** A whole message at the beginning of the bytes. */
export interface Decoded<Message> {
  readonly message: Message;
  /** Bytes that its frame took: the message's own, and what marks its bounds. At least 1. */
  readonly size: number;
}

/**
 * How messages stand in a stream of bytes: two pure functions, one for each direction. `request.frames(codec)` uses
 * it; a codec of your own is an object with these two.
 *
 * @typeParam Message - what is read; anything but `undefined`, which stands for the end of the stream.
 * @typeParam Outgoing - what may be written, where that is more than what is read.
 *
 * @example
 * const records: Codec<Buffer> = {
 *   decode(bytes) {
 *     if (bytes.length < 2) return 2;
 *     const size = 2 + bytes.readUInt16BE(0);
 *     return bytes.length < size ? size : { message: bytes.subarray(2, size), size };
 *   },
 *   encode(message) {
 *     const header = Buffer.alloc(2);
 *     header.writeUInt16BE(message.length);
 *     return [header, message];
 *   },
 * };
 */
export interface Codec<Message, Outgoing = Message> {
  /**
   * Bytes that a frame may have, `Infinity` for any number; a longer one is a {@link FrameError} before its bytes are
   * waited for. Default 65,536.
   */
  readonly maxFrameBytes?: number;

  /**
   * Takes the first message from `bytes`, which begin where the message before ended.
   *
   * The bytes are never written again: a message may refer to them for as long as it likes.
   *
   * @param bytes - at least one; more may have arrived already, and more may come.
   * @param seen - how many of them an earlier call has seen, and found too few: a search may go on there.
   * @returns the message; or a number, above `bytes.length`, of bytes that must be there before another call makes
   *   sense; or `undefined` where that is not known, and any further byte may complete the message.
   * @throws {@link FrameError}, its `offset` counted from the first of these bytes.
   */
  decode(bytes: Buffer, seen: number): Decoded<Message> | number | undefined;

  /**
   * Gives the bytes of a message: in one piece, or in several that are sent one after the other, so that a large
   * payload need not be copied. They must not change until the write has resolved.
   *
   * @throws TypeError or RangeError for a message that cannot be written.
   */
  encode(message: Outgoing): Uint8Array | readonly Uint8Array[];
}
