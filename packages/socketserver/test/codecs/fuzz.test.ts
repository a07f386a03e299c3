/**
 * Streams of frames with a few bytes changed, cut or put in. `SOCKETSERVER_FUZZ=1000000` looks at so many for each
 * codec, `SOCKETSERVER_FUZZ_SEED=7` at others.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Random, mutate } from '../support/mutate.ts';
import { allCodecs } from './all-codecs.ts';
import { cut, decodeAll, encodeAll } from './decode-all.ts';

const inputs = Number(process.env['SOCKETSERVER_FUZZ'] ?? 4_000);
const seed = Number(process.env['SOCKETSERVER_FUZZ_SEED'] ?? 1);

/** Streams that the inputs are made of. */
const samples = 200;
const mebibyte = 1_048_576;

for (const { name, codec, messages } of allCodecs) {
  describe(`frames with ${name}`, () => {
    it(`are messages or a FrameError, and the same in pieces, of ${inputs} mutated streams`, () => {
      const random = new Random(seed);
      const streams = fc
        .sample(fc.array(messages, { minLength: 1, maxLength: 6 }), { numRuns: samples, seed })
        .map((list) => encodeAll(codec, list as never[]));
      const seen = new Map<string, number>();
      let heapBytes = 0;
      for (let count = 0; count < inputs; count += 1) {
        const stream = mutate(random.pick(streams), random);
        const whole = decodeAll(codec, [stream]); // which throws what is no FrameError
        const fault = (whole.error?.['fault'] ?? 'none') as string;
        seen.set(fault, (seen.get(fault) ?? 0) + 1);
        if (count % 8 === 0) {
          const sizes = [1 + random.below(16), 1 + random.below(16), 1 + random.below(16)];
          assert.deepEqual(decodeAll(codec, cut(stream, sizes)), whole);
        }
        if (count === inputs >> 1) heapBytes = process.memoryUsage().heapUsed;
      }
      assert.ok(seen.has('none') && seen.size > 1, [...seen].join('; '));
      const growth = process.memoryUsage().heapUsed - heapBytes;
      assert.ok(growth < 48 * mebibyte, `the heap grew by ${Math.round(growth / mebibyte)} MiB`);
    });
  });
}
