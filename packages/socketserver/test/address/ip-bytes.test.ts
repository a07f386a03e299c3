import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ipFromBytes, ipToBytes } from '../../src/address/ip-bytes.ts';

/** As Node writes an address itself. */
const canonical = (address: string) => new net.SocketAddress({ address, family: 'ipv6' }).address;

/** Groups that are often zero, so that runs of zeros of every length come up. */
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ max: 0xffff, min: 0 }), fc.constant(0xffff)), {
  minLength: 8,
  maxLength: 8,
});

describe('the bytes of IP addresses', () => {
  it('are those of IPv4, in order', () => {
    assert.deepEqual(ipToBytes('192.0.2.255'), Buffer.from([192, 0, 2, 255]));
    assert.equal(ipFromBytes(Buffer.from([192, 0, 2, 255])), '192.0.2.255');
  });

  it('are those of IPv6, however it is written', () => {
    const written: readonly (readonly [string, string])[] = [
      ['::', '00000000000000000000000000000000'],
      ['1::', '00010000000000000000000000000000'],
      ['::1', '00000000000000000000000000000001'],
      ['2001:DB8::a:b', '20010db80000000000000000000a000b'],
      ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
      ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
      ['64:ff9b::192.0.2.1', '0064ff9b0000000000000000c0000201'],
    ];
    for (const [text, hex] of written) assert.equal(ipToBytes(text)?.toString('hex'), hex, text);
  });

  it('do not exist for what is no address, or has a zone', () => {
    for (const text of [
      '',
      'localhost',
      '192.0.2',
      '192.0.2.256',
      '1.2.3.04',
      '::1::',
      'fe80::1%lo',
      '[::1]',
    ]) {
      assert.equal(ipToBytes(text), undefined, text);
    }
  });

  it('are read in the form that Node itself has, for every address', () => {
    fc.assert(
      fc.property(groups, (words) => {
        const bytes = Buffer.alloc(16);
        for (const [index, word] of words.entries()) bytes.writeUInt16BE(word, index * 2);
        const text = ipFromBytes(bytes);
        assert.equal(text, canonical(words.map((word) => word.toString(16)).join(':')));
        assert.deepEqual(ipToBytes(text), bytes);
      }),
      { numRuns: 20_000 },
    );
  });
});
