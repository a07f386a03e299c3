import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32c } from '../../src/proxy-protocol/crc32c.ts';

/** The test vectors of the checksum's own specification. [RFC 3720 B.4, and the check value of CRC-32/ISCSI] */
const vectors: readonly (readonly [Buffer, number])[] = [
  [Buffer.alloc(0), 0],
  [Buffer.from('123456789'), 0xe3_06_92_83],
  [Buffer.alloc(32), 0x8a_91_36_aa],
  [Buffer.alloc(32, 0xff), 0x62_a8_ab_43],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46_dd_79_4e],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x11_3f_db_5c],
];

describe('CRC32c', () => {
  it('is what the specification says', () => {
    for (const [bytes, expected] of vectors) assert.equal(crc32c(bytes), expected);
  });
});
