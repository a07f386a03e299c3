import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpooledOutput } from '../../remote-command/spooled-output.ts';

describe('a spooled output', () => {
  for (const length of [0, 1, 262_143, 262_144, 262_145, 1_000_000]) {
    it(`gives back ${length} bytes in order, however they were cut`, async () => {
      const written = Buffer.from(Array.from({ length }, (_value, index) => index % 251));
      await using output = new SpooledOutput();
      for (const [start, end] of [
        [0, 1],
        [1, 100_000],
        [100_000, 700_000],
        [700_000, length],
      ]) {
        await output.write(written.subarray(start, end));
      }
      assert.equal(output.length, length);
      const pieces: Buffer[] = [];
      for await (const piece of output) pieces.push(Buffer.from(piece));
      assert.ok(Buffer.concat(pieces).equals(written));
    });
  }
});
