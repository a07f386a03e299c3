import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PacketWriter } from '../../src/request/packet-writer.ts';

describe('a PacketWriter', () => {
  it('puts pieces together and counts bytes, not characters', () => {
    const writer = new PacketWriter();
    assert.equal(writer.write('é'), 2);
    assert.equal(writer.write(new Uint8Array([0x21])), 1);
    assert.equal(writer.getvalue().toString(), 'é!');
  });

  it('tells an empty piece from none', () => {
    const writer = new PacketWriter();
    assert.equal(writer.hasWritten, false);
    assert.equal(writer.getvalue().length, 0);
    writer.write('');
    assert.equal(writer.hasWritten, true);
  });
});
