import { FrameError } from '../errors/frame-error.ts';
import type { Codec } from './codec.ts';
import { outgoingBytes, refuseIncoming } from './message-limit.ts';

/** Bytes of the longest varint that is taken: 7 × 7 bits, and 4 of the eighth byte, make an exact number. */
const maxVarintBytes = 8;

/**
 * Messages that begin with their length as a varint.
 *
 * ```text
 * byte 0        byte 1        last byte
 * +-+---------+ +-+---------+ +-+---------+-----------------+
 * |1| bits    | |1| bits    | |0| bits    | message         |
 * | | 0 to 6  | | | 7 to 13 | | | highest | as many bytes   |
 * +-+---------+ +-+---------+ +-+---------+-----------------+
 * ```
 *
 * A length may be padded with zero bits, up to eight bytes in all.
 *
 * @see Protocol Buffers, "Base 128 Varints"
 */
export function varintPrefixed(max: number): Codec<Buffer, Uint8Array | string> {
  const limit = Math.min(max, Number.MAX_SAFE_INTEGER);
  return {
    maxFrameBytes: maxVarintBytes + limit,

    decode(bytes) {
      let length = 0;
      let unit = 1;
      for (let index = 0; index < maxVarintBytes; index += 1) {
        if (index === bytes.length) return index + 1;
        const byte = bytes[index]!;
        length += (byte & 0x7f) * unit;
        if (length > limit) refuseIncoming(limit); // whatever follows only adds to it
        if (byte < 0x80) {
          const header = index + 1;
          const size = header + length;
          return bytes.length < size ? size : { message: bytes.subarray(header, size), size };
        }
        unit *= 0x80;
      }
      throw new FrameError('malformed', `a length must end within ${maxVarintBytes} bytes`);
    },

    encode(message) {
      const payload = outgoingBytes(message, limit);
      return [varint(payload.length), payload];
    },
  };
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
