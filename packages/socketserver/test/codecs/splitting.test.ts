import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allCodecs } from './all-codecs.ts';
import { cut, decodeAll, encodeAll } from './decode-all.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

/** Bytes that mean something to one codec or another, and bytes that mean nothing. */
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 80, size: 'max' }),
  fc
    .array(fc.constantFrom('a', 'b', '\r', '\n', '0', '1', '7', ':', ',', '{', '"', '\x80'), {
      maxLength: 80,
      size: 'max',
    })
    .map((characters) => Buffer.from(characters.join(''), 'latin1')),
);

for (const { name, codec, messages } of allCodecs) {
  describe(`frames with ${name}`, () => {
    it('give back what was written, whatever the pieces in which it arrives', () => {
      fc.assert(
        fc.property(fc.array(messages, { maxLength: 12 }), sizes, (written, pieceSizes) => {
          const pieces = cut(encodeAll(codec, written as never[]), pieceSizes);
          assert.deepEqual(decodeAll(codec, pieces), { messages: written.map(asRead), error: undefined });
        }),
      );
    });

    it('give the same messages and the same error for any pieces of any bytes', () => {
      const frame = messages.map((message) => encodeAll(codec, [message as never]));
      const parts = fc.array(fc.oneof({ weight: 3, arbitrary: frame }, noise), { maxLength: 8 });
      fc.assert(
        fc.property(parts, fc.nat({ max: 40 }), sizes, (given, cutOff, pieceSizes) => {
          const all = Buffer.concat(given);
          const stream = all.subarray(0, all.length - Math.max(0, cutOff - 30)); // mostly at its end
          const whole = decodeAll(codec, [stream]);
          assert.deepEqual(decodeAll(codec, cut(stream, pieceSizes)), whole);
          assert.deepEqual(decodeAll(codec, cut(stream, [1])), whole);
        }),
        { numRuns: 300 },
      );
    });
  });
}

/** A message as {@link decodeAll} gives it. JSON has no -0. */
function asRead(message: unknown): unknown {
  return Buffer.isBuffer(message) ? message.toString('latin1') : JSON.parse(JSON.stringify(message));
}
