import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { recordBytes, recycle, RecordMemory } from '../../src/engine/tls/record-memory.ts';

/** Brings a record as OpenSSL does, all of it with the same byte. */
function bring(memory: RecordMemory, length: number, byte = 1): Buffer {
  memory.next.fill(byte, 0, length);
  return memory.take(length);
}

/** Brings so many long records that the connection has blocks of its own. @returns the first record in one of them. */
function bringUntilOwn(memory: RecordMemory): Buffer {
  const { next: shared } = memory;
  for (let count = 0; count < 64; count += 1) {
    const record = bring(memory, recordBytes);
    if (memory.next.buffer !== shared.buffer) return record;
  }
  throw new Error('64 long records brought no memory of its own');
}

/** Brings records until a block is full that `first` began. @returns all that lies in it. */
function fill(memory: RecordMemory, first: Buffer): Buffer[] {
  const records = [first];
  while (memory.next.buffer === first.buffer) records.push(bring(memory, recordBytes));
  return records;
}

describe('memory for records', () => {
  it('gives copies of short records, which come through memory that all share', () => {
    const memory = new RecordMemory();
    const first = bring(memory, 100, 1);
    bring(memory, 100, 2);
    assert.deepEqual(first, Buffer.alloc(100, 1));
    assert.equal(memory.next.buffer, new RecordMemory().next.buffer);
  });

  it('leaves long records where they were put, side by side, once some have come', () => {
    const memory = new RecordMemory();
    let before = bringUntilOwn(memory);
    for (const length of [recordBytes, recordBytes, 8]) {
      const { next } = memory;
      const record = bring(memory, length);
      assert.equal(record.byteOffset, next.byteOffset);
      assert.equal(record.byteOffset, before.byteOffset + before.length);
      assert.equal(record.buffer, before.buffer);
      before = record;
    }
  });

  it('has shared memory again after two records that are short on their own', () => {
    const { next: shared } = new RecordMemory();
    const memory = new RecordMemory();
    bringUntilOwn(memory);
    bring(memory, 8); // ends what the long ones were
    bring(memory, 8);
    assert.notEqual(memory.next.buffer, shared.buffer);
    bring(memory, 8);
    assert.equal(memory.next.buffer, shared.buffer);
  });

  it('keeps its memory for one short record between long ones', () => {
    const { next: shared } = new RecordMemory();
    const memory = new RecordMemory();
    bringUntilOwn(memory);
    for (const length of [8, 100, recordBytes, 8, 100, recordBytes]) bring(memory, length);
    assert.notEqual(memory.next.buffer, shared.buffer);
  });

  it('serves again once all of it was recycled, and not before', () => {
    const memory = new RecordMemory();
    const records = fill(memory, bringUntilOwn(memory));
    const last = records.pop()!;
    for (const record of records) recycle(record);
    recycle(last.subarray(1));
    const { buffer } = fill(memory, bring(memory, recordBytes))[0]!;
    assert.notEqual(buffer, last.buffer);
    assert.notEqual(memory.next.buffer, last.buffer);
    recycle(last.subarray(0, 1));
    fill(memory, bring(memory, recordBytes));
    assert.equal(memory.next.buffer, last.buffer);
  });

  it('serves again for its own connection only', () => {
    const [one, other] = [new RecordMemory(), new RecordMemory()];
    const records = fill(one, bringUntilOwn(one));
    bringUntilOwn(other);
    for (const record of records) recycle(record);
    for (let count = 0; count < 64; count += 1) {
      assert.notEqual(bring(other, recordBytes).buffer, records[0]!.buffer);
    }
  });

  it('is freed by a young collection where nobody recycles it', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (options: { readonly type: 'minor' | 'major' }) => void;
    const memory = new RecordMemory();
    bringUntilOwn(memory);
    collect({ type: 'major' });
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 512; count += 1) bring(memory, recordBytes);
    for (let count = 0; count < 4; count += 1) collect({ type: 'minor' }); // each ends what the one before has begun
    const left = process.memoryUsage().arrayBuffers - before;
    assert.ok(left < 256 * recordBytes, `${left} bytes of ${512 * recordBytes} are left`);
  });

  it('refuses to take back more than it gave', () => {
    const memory = new RecordMemory();
    const record = bringUntilOwn(memory);
    recycle(record);
    assert.throws(() => recycle(record), { name: 'TypeError', message: /were recycled before/ });
  });

  it('cannot be transferred to another thread, since more may be put there', () => {
    const memory = new RecordMemory();
    const record = bringUntilOwn(memory);
    assert.throws(() => structuredClone(record, { transfer: [record.buffer as ArrayBuffer] }), {
      name: 'DataCloneError',
    });
    assert.equal(bring(memory, recordBytes, 2)[0], 2);
    assert.equal(record[0], 1);
  });

  it('keeps nothing for a connection that is closed', () => {
    const memory = new RecordMemory();
    const records = fill(memory, bringUntilOwn(memory));
    memory.close();
    for (const record of records) recycle(record);
    assert.equal(memory.next.buffer, new RecordMemory().next.buffer);
    assert.notEqual(bring(memory, recordBytes).buffer, records[0]!.buffer);
  });

  it('leaves bytes alone that no read gave', () => {
    recycle(Buffer.from('of somebody else'));
    recycle(new Uint8Array(100_000));
  });

  it('never changes what was not recycled', () => {
    const lengths = fc.constantFrom(
      8,
      100,
      8_192,
      10_000,
      recordBytes,
      recordBytes,
      recordBytes,
      recordBytes,
    );
    const step = fc.record({ length: lengths, recycles: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 200, size: 'max' }), (steps) => {
        const memory = new RecordMemory();
        const held: { readonly record: Buffer; readonly byte: number }[] = [];
        for (const [index, { length, recycles }] of steps.entries()) {
          const byte = index % 251;
          held.push({ record: bring(memory, length, byte), byte });
          for (const { record } of held.splice(0, recycles > 20 ? recycles - 20 : 0)) recycle(record);
          for (const { record, byte: its } of held) {
            assert.equal(record[0], its);
            assert.equal(record.at(-1), its);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
