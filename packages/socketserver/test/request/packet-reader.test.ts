import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PacketReader } from '../../src/request/packet-reader.ts';

describe('a PacketReader', () => {
  it('reads bytes and lines from one position, and nothing at the end', () => {
    const reader = new PacketReader(Buffer.from('abc\ndef\n\nlast'));
    assert.equal(reader.read(2).toString(), 'ab');
    assert.equal(reader.readline().toString(), 'c\n');
    assert.equal(reader.readline(2).toString(), 'de');
    assert.equal(reader.readline().toString(), 'f\n');
    assert.equal(reader.readline().toString(), '\n');
    assert.equal(reader.read(100).toString(), 'last');
    assert.equal(reader.read().length, 0);
    assert.equal(reader.readline().length, 0);
  });

  it('yields the lines that are left, each with its newline', () => {
    const reader = new PacketReader(Buffer.from('one\ntwo\nthree'));
    reader.readline();
    assert.deepEqual(Array.from(reader, String), ['two\n', 'three']);
    assert.deepEqual([...new PacketReader(Buffer.alloc(0))], []);
  });
});
