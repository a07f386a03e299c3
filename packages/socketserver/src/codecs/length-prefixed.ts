import { FrameError } from '../errors/frame-error.ts';
import { aBoolean, checkOptions, oneOf, type OptionRules } from '../options/check-options.ts';
import type { Codec } from './codec.ts';
import { type LengthField, lengthFields } from './length-field.ts';
import { defaultMaxMessageBytes, messageLimitRules, outgoingBytes, refuseIncoming } from './message-limit.ts';
import { varintPrefixed } from './varint-prefixed.ts';

/** Options of {@link lengthPrefixed}. */
export interface LengthPrefixOptions {
  /**
   * Bytes of the length; or `'varint'`: seven bits a byte, the lowest first, all but the last byte with their top bit
   * set, as in Protocol Buffers. Default 4.
   */
  readonly lengthBytes?: 1 | 2 | 4 | 8 | 'varint' | undefined;
  /** Which byte of the length comes first; a varint has no choice. Default `'big'`, the order of the network. */
  readonly endian?: 'big' | 'little' | undefined;
  /** Whether the length counts its own bytes too, which a varint cannot. Default `false`. */
  readonly includesHeader?: boolean | undefined;
  /** Bytes that a message may have; no more than its length can say. Default 65,536. */
  readonly max?: number | undefined;
}

const rules: OptionRules<LengthPrefixOptions> = {
  lengthBytes: {
    must: "1, 2, 4, 8 or 'varint'",
    accepts: (value) => [1, 2, 4, 8, 'varint'].includes(value as number),
  },
  endian: oneOf('big', 'little'),
  includesHeader: aBoolean,
  ...messageLimitRules,
};

/**
 * Messages that begin with their length, as most binary protocols have them.
 *
 * ```text
 * +--------------------------+------------------+
 * | length                   | message          |
 * | 1, 2, 4, 8 bytes, varint | as many bytes    |
 * +--------------------------+------------------+
 * ```
 *
 * A message is a view of the bytes that arrived, copied only where they arrived in several pieces. It is the reader's
 * own, but keeps alive what it arrived with, which can be 64 KiB and more: copy small ones that you keep for long.
 *
 * @returns the codec. Its `decode` throws {@link FrameError}: `'too-long'`; `'malformed'` for a length that does not count
 *   the bytes that it includes, or a varint that does not end. Its `encode` throws RangeError above the maximum.
 * @throws TypeError for wrong options.
 */
export function lengthPrefixed(options?: LengthPrefixOptions): Codec<Buffer, Uint8Array | string> {
  const place = { action: 'Cannot make a codec', path: 'options' };
  const { lengthBytes = 4, endian, includesHeader, max } = checkOptions(options, rules, place);
  if (lengthBytes !== 'varint') {
    const field = lengthFields[endian ?? 'big'][lengthBytes];
    return fixedPrefixed(field, {
      max: max ?? defaultMaxMessageBytes,
      includesHeader: includesHeader ?? false,
    });
  }
  if (endian === undefined && includesHeader !== true) return varintPrefixed(max ?? defaultMaxMessageBytes);
  throw new TypeError(
    `${place.action}: options.lengthBytes 'varint' must stand alone, got ${endian === undefined ? 'includesHeader' : 'endian'} beside it`,
  );
}

function fixedPrefixed(
  field: LengthField,
  { max, includesHeader }: { readonly max: number; readonly includesHeader: boolean },
): Codec<Buffer, Uint8Array | string> {
  const header = field.bytes;
  const counted = includesHeader ? header : 0;
  const limit = Math.min(max, field.max - counted);
  return {
    maxFrameBytes: header + limit,

    decode(bytes) {
      if (bytes.length < header) return header;
      const length = field.read(bytes) - counted;
      if (length > limit) refuseIncoming(limit, length);
      if (length < 0) {
        throw new FrameError(
          'malformed',
          `a length of ${length + counted} does not count its own ${counted} bytes`,
        );
      }
      const size = header + length;
      return bytes.length < size ? size : { message: bytes.subarray(header, size), size };
    },

    encode(message) {
      const payload = outgoingBytes(message, limit);
      const length = Buffer.allocUnsafe(header);
      field.write(length, payload.length + counted);
      return [length, payload];
    },
  };
}
