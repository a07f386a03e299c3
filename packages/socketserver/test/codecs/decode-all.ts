import type { Codec } from '../../src/index.ts';
import { FrameError } from '../../src/index.ts';
import { ByteQueue } from '../../src/request/byte-queue.ts';
import { FrameReader } from '../../src/request/frame-reader.ts';

/** What comes out of a stream: messages, and what ended it. */
export interface Decoding {
  readonly messages: readonly unknown[];
  readonly error: Readonly<Record<string, unknown>> | undefined;
}

/** Decodes a stream that arrives in these pieces and ends, as a socket does it, but without one. */
export function decodeAll<Message>(codec: Codec<Message, never>, pieces: readonly Uint8Array[]): Decoding {
  const reader = new FrameReader(codec);
  const queue = new ByteQueue();
  const input = { queue, bytesRead: 0, skip: (count: number) => queue.skip(count) };
  const messages: unknown[] = [];
  try {
    for (const piece of pieces) {
      input.bytesRead += piece.length;
      queue.push(Buffer.from(piece));
      if (queue.length < reader.needed) continue;
      for (let message; (message = reader.take(input)) !== undefined;) messages.push(plain(message));
    }
    if (queue.length > 0) throw reader.incomplete(input);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    const { code, fault, reason, offset, limit } = error;
    return { messages, error: { code, fault, reason, offset, limit } };
  }
  return { messages, error: undefined };
}

/** Cuts bytes into pieces whose sizes are taken in turn. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let begin = 0, index = 0; begin < bytes.length; index += 1) {
    const size = sizes[index % sizes.length]!;
    pieces.push(bytes.subarray(begin, begin + size));
    begin += size;
  }
  return pieces;
}

/** All that a codec makes of messages, in one piece. */
export function encodeAll<Outgoing>(codec: Codec<unknown, Outgoing>, messages: readonly Outgoing[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const encoded = codec.encode(message);
      return encoded instanceof Uint8Array ? [encoded] : encoded;
    }),
  );
}

/** Views of the same memory may not be compared later: what they show is copied. */
function plain(message: unknown): unknown {
  return message instanceof Uint8Array ? Buffer.from(message).toString('latin1') : message;
}
