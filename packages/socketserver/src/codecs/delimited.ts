import { checkOptions } from '../options/check-options.ts';
import type { Codec } from './codec.ts';
import {
  defaultMaxMessageBytes,
  type MessageLimitOptions,
  messageLimitRules,
  outgoingBytes,
  refuseIncoming,
} from './message-limit.ts';

/**
 * Messages that end with a delimiter.
 *
 * ```text
 * +----------------------------------+-----------+
 * | message: any bytes that have no  | delimiter |
 * | delimiter among them             |           |
 * +----------------------------------+-----------+
 * ```
 *
 * A message comes without its delimiter. Whose its bytes are is said at {@link lengthPrefixed}.
 *
 * @param delimiter - at least one byte, such as `'\n'`, `'\r\n'` or `'\0'`.
 * @returns the codec. Its `decode` throws {@link FrameError} (`'too-long'`); its `encode` RangeError above the maximum,
 *   and TypeError for a message with the delimiter in it, which its reader would take for two.
 * @throws TypeError for an empty delimiter or wrong options.
 */
export function delimited(
  delimiter: Uint8Array | string,
  options?: MessageLimitOptions,
): Codec<Buffer, Uint8Array | string> {
  const action = 'Cannot make a codec';
  const end = Buffer.from(delimiter);
  if (end.length === 0) throw new TypeError(`${action}: delimiter must not be empty, got ''`);
  const { max = defaultMaxMessageBytes } = checkOptions(options, messageLimitRules, {
    action,
    path: 'options',
  });
  const needle = end.length === 1 ? end[0]! : end; // one byte is found faster
  const maxFrameBytes = max + end.length;

  return {
    maxFrameBytes,

    decode(bytes, seen) {
      const index = bytes.indexOf(needle, Math.max(0, seen - end.length + 1));
      if (index > max || (index === -1 && bytes.length >= maxFrameBytes)) refuseIncoming(max);
      return index === -1 ? undefined : { message: bytes.subarray(0, index), size: index + end.length };
    },

    encode(message) {
      const payload = outgoingBytes(message, max);
      if (holds(payload, end)) {
        throw new TypeError('Cannot encode: message must not have the delimiter in it, got one that does');
      }
      return [payload, end];
    },
  };
}

/** Whether a reader would find the delimiter before the end, also one that ends in the delimiter itself. */
function holds(payload: Uint8Array, end: Buffer): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (bytes.includes(end)) return true;
  const tail = bytes.subarray(Math.max(0, bytes.length - end.length + 1));
  return tail.length > 0 && Buffer.concat([tail, end]).indexOf(end) < tail.length;
}
