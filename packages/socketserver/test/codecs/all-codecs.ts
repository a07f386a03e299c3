import fc from 'fast-check';
import { type Codec, delimited, jsonLines, lengthPrefixed, netstrings } from '../../src/index.ts';

/** A codec with small limits, and the messages that it can carry. */
export interface CodecCase {
  readonly name: string;
  readonly codec: Codec<unknown, never>;
  readonly messages: fc.Arbitrary<unknown>;
}

const max = 48;
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const without = (delimiter: string): fc.Arbitrary<Buffer> =>
  bytes(max).filter(
    (message) => Buffer.concat([message, Buffer.from(delimiter)]).indexOf(delimiter) === message.length,
  );

const lengths = [1, 2, 4, 8] as const;
const fixed = lengths.flatMap((lengthBytes) =>
  (['big', 'little'] as const).flatMap((endian) =>
    [false, true].map((includesHeader) => ({
      name: `a length of ${lengthBytes}, ${endian}${includesHeader ? ', which counts itself' : ''}`,
      codec: lengthPrefixed({ lengthBytes, endian, includesHeader, max }),
      messages: bytes(max),
    })),
  ),
);

const jsonText = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => Buffer.byteLength(JSON.stringify(value)) <= max);

/** Every codec of the library. */
export const allCodecs = [
  ...fixed,
  { name: 'a varint', codec: lengthPrefixed({ lengthBytes: 'varint', max }), messages: bytes(max) },
  { name: 'a newline', codec: delimited('\n', { max }), messages: without('\n') },
  { name: 'CRLF', codec: delimited('\r\n', { max }), messages: without('\r\n') },
  { name: 'a delimiter that overlaps itself', codec: delimited('aaba', { max }), messages: without('aaba') },
  { name: 'netstrings', codec: netstrings({ max }), messages: bytes(max) },
  { name: 'JSON lines', codec: jsonLines({ max }), messages: jsonText },
] as readonly CodecCase[];
