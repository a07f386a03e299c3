import { FrameError } from '../errors/frame-error.ts';
import { checkOptions } from '../options/check-options.ts';
import type { Codec } from './codec.ts';
import {
  defaultMaxMessageBytes,
  type MessageLimitOptions,
  messageLimitRules,
  outgoingBytes,
  refuseIncoming,
} from './message-limit.ts';

const zero = 0x30;
const colon = 0x3a;
const comma = 0x2c;
const end = Buffer.from(',');

/**
 * Netstrings: any bytes, with their number in decimal before them and a comma behind.
 *
 * ```text
 * +----------------------+-----+---------------+-----+
 * | length: digits, with | ':' | message       | ',' |
 * | no zero in front     |     | as many bytes |     |
 * +----------------------+-----+---------------+-----+
 * ```
 *
 * Whose the bytes of a message are is said at {@link lengthPrefixed}.
 *
 * @returns the codec. Its `decode` throws {@link FrameError}: `'too-long'`, and `'malformed'` with the offset of the first
 *   wrong byte. Its `encode` throws RangeError above the maximum.
 * @throws TypeError for wrong options.
 * @see D. J. Bernstein, "Netstrings", 1997
 */
export function netstrings(options?: MessageLimitOptions): Codec<Buffer, Uint8Array | string> {
  const place = { action: 'Cannot make a codec', path: 'options' };
  const { max = defaultMaxMessageBytes } = checkOptions(options, messageLimitRules, place);
  const limit = Math.min(max, Number.MAX_SAFE_INTEGER);
  return {
    maxFrameBytes: String(limit).length + limit + 2,

    decode(bytes) {
      let length = 0;
      let index = 0;
      for (; bytes[index] !== colon || index === 0; index += 1) {
        if (index === bytes.length) return index + 1;
        const digit = bytes[index]! - zero;
        const isDigit = digit >= 0 && digit <= 9 && (index === 0 || length > 0);
        if (!isDigit) refuse(index, index === 0 ? 'a digit' : length > 0 ? "a digit or ':'" : "':'");
        length = length * 10 + digit;
        if (length > limit) refuseIncoming(limit); // before further digits come
      }
      const last = index + 1 + length;
      if (bytes.length <= last) return last + 1;
      if (bytes[last] !== comma) refuse(last, "','");
      return { message: bytes.subarray(index + 1, last), size: last + 1 };
    },

    encode(message) {
      const payload = outgoingBytes(message, limit);
      return [Buffer.from(`${payload.length}:`), payload, end];
    },
  };
}

function refuse(offset: number, expected: string): never {
  throw new FrameError('malformed', `a netstring must have ${expected} here`, { offset });
}
