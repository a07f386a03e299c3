import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../src/request/byte-queue.ts';

/** Few different bytes, so that delimiters occur, in chunks of any size. */
const chunks = fc.array(fc.uint8Array({ max: 3, maxLength: 9 }), { maxLength: 12 });
const delimiters = fc.uint8Array({ max: 3, minLength: 1, maxLength: 4 });

function queueOf(parts: readonly Uint8Array[]): [queue: ByteQueue, whole: Buffer] {
  const queue = new ByteQueue();
  for (const part of parts) queue.push(Buffer.from(part));
  return [queue, Buffer.concat(parts)];
}

describe('a byte queue', () => {
  it('finds a delimiter where it is in the whole, however the bytes are split', () => {
    fc.assert(
      fc.property(chunks, delimiters, fc.nat(20), (parts, delimiter, from) => {
        const [queue, whole] = queueOf(parts);
        assert.equal(queue.indexOf(Buffer.from(delimiter), from), whole.indexOf(delimiter, from));
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives, shows and skips the same bytes, however they are split', () => {
    fc.assert(
      fc.property(
        chunks,
        fc.array(fc.tuple(fc.constantFrom('take', 'peek', 'skip', 'takeChunk'), fc.nat(12))),
        (parts, steps) => {
          const [queue, whole] = queueOf(parts);
          let offset = 0;
          for (const [step, wish] of steps) {
            const count = Math.min(wish, queue.length);
            const expected = whole.subarray(offset, offset + count);
            if (step === 'take') assert.deepEqual(queue.take(count), expected);
            if (step === 'peek') assert.deepEqual(queue.peek(wish), expected);
            if (step === 'skip') queue.skip(count);
            if (step === 'takeChunk') {
              const chunk = queue.takeChunk(wish);
              assert.deepEqual(chunk, whole.subarray(offset, offset + chunk.length));
              assert.ok(chunk.length > 0 || count === 0);
              offset += chunk.length;
            } else if (step !== 'peek') {
              offset += count;
            }
            assert.equal(queue.length, whole.length - offset);
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('takes bytes back in front', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('world'));
    queue.unshift(Buffer.from('hello '));
    assert.equal(queue.take(11).toString(), 'hello world');
  });

  it('joins chunks that lie side by side without a copy, and others with one', () => {
    const memory = Buffer.alloc(8_192, 'x');
    const queue = new ByteQueue();
    for (const [start, end] of [
      [0, 2_000],
      [2_000, 4_000],
      [4_000, 6_000],
      [6_100, 8_100],
    ] as const)
      queue.push(memory.subarray(start, end));
    queue.join(5_000);
    assert.deepEqual([queue.first.buffer, queue.first.length], [memory.buffer, 6_000]);
    queue.join(7_000);
    assert.notEqual(queue.first.buffer, memory.buffer);
    assert.deepEqual([queue.first.length, queue.length], [7_000, 8_000]);
    assert.ok(queue.take(8_000).equals(Buffer.alloc(8_000, 'x')));
  });
});
