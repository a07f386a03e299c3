import { isUtf8 } from 'node:buffer';
import { FrameError } from '../errors/frame-error.ts';
import type { Codec } from './codec.ts';
import { delimited } from './delimited.ts';
import type { MessageLimitOptions } from './message-limit.ts';

/**
 * One JSON text a line, in UTF-8.
 *
 * ```text
 * +-----------------------------------+------+
 * | JSON text without a line break in | '\n' |
 * | it; a '\r' at its end is let pass |      |
 * +-----------------------------------+------+
 * ```
 *
 * What a peer sends has been parsed, not checked: it may be any value, with any keys.
 *
 * @typeParam Message - what the reader takes the values for.
 * @returns the codec. Its `decode` throws {@link FrameError}: `'too-long'`, and `'malformed'` for a line that is not JSON
 *   (an empty one too), with the parser's SyntaxError as its cause, or not UTF-8. Its `encode` throws RangeError above
 *   the maximum, and TypeError for a value that JSON does not have, such as `undefined` or one with a cycle.
 * @throws TypeError for wrong options.
 * @see RFC 8259; jsonlines.org
 */
export function jsonLines<Message = unknown>(options?: MessageLimitOptions): Codec<Message, unknown> {
  const lines = delimited('\n', options);
  return {
    maxFrameBytes: lines.maxFrameBytes!,

    decode(bytes, seen) {
      const line = lines.decode(bytes, seen);
      return typeof line === 'object' ? { message: parse(line.message) as Message, size: line.size } : line;
    },

    encode(message) {
      const text = JSON.stringify(message) as string | undefined;
      if (text !== undefined) return lines.encode(text);
      throw new TypeError(`Cannot encode: message must be a JSON value, got ${typeof message}`);
    },
  };
}

function parse(line: Buffer): unknown {
  if (!isUtf8(line)) throw new FrameError('malformed', 'a line must be UTF-8');
  try {
    return JSON.parse(line.toString());
  } catch (cause) {
    throw new FrameError('malformed', 'a line must be JSON', { cause });
  }
}
