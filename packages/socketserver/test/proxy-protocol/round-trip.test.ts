import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inetAddress, type SocketAddress } from '../../src/address/socket-address.ts';
import { parseProxyHeader, type ProxyHeader, ProxyHeaderError, writeProxyHeader } from '../../src/index.ts';
import { anyHeader } from './any-header.ts';

/** Reads a header that arrives in pieces, as a server does: nothing but what has come is known. */
function parsePieces(bytes: Buffer, cuts: readonly number[]): { header: ProxyHeader; length: number } {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].toSorted(
    (a, b) => a - b,
  );
  for (const end of ends) {
    const parsed = parseProxyHeader(bytes.subarray(0, end));
    if (parsed.header !== undefined) return parsed;
  }
  return assert.fail('the whole is a header');
}

function parsedOrRefused(bytes: Buffer): ProxyHeader | undefined {
  try {
    return parseProxyHeader(bytes).header;
  } catch (error) {
    assert.ok(error instanceof ProxyHeaderError, String(error));
    return undefined;
  }
}

describe('a PROXY header', () => {
  it('is read as it was written, however it is split and whatever follows', () => {
    fc.assert(
      fc.property(
        anyHeader,
        fc.array(fc.nat(4_096)),
        fc.uint8Array({ maxLength: 20 }),
        (fields, cuts, rest) => {
          const bytes = writeProxyHeader(fields);
          const { header, length } = parsePieces(Buffer.concat([bytes, rest]), cuts);
          assert.deepEqual(header, fields);
          assert.equal(length, bytes.length);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('is never read beyond its end by who reads what is missing', () => {
    fc.assert(
      fc.property(anyHeader, (fields) => {
        const bytes = writeProxyHeader(fields);
        let taken = 0;
        for (;;) {
          const parsed = parseProxyHeader(bytes.subarray(0, taken));
          if (parsed.header !== undefined) break;
          assert.ok(parsed.missing > 0);
          taken += parsed.missing;
          assert.ok(taken <= bytes.length);
        }
        assert.equal(taken, bytes.length);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never shows a good checksum after a bit of it has changed', () => {
    fc.assert(
      fc.property(anyHeader, fc.nat(), (fields, bit) => {
        const bytes = writeProxyHeader({ ...fields, version: 2, command: 'PROXY', hasChecksum: true });
        bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
        const changed = parsedOrRefused(bytes);
        assert.notEqual(changed?.hasChecksum, true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('writing a PROXY header', () => {
  const source = inetAddress('192.0.2.1', 56_324);
  const destination = inetAddress('198.51.100.7', 443);

  it('needs no more than the addresses', () => {
    assert.equal(
      writeProxyHeader({ source, destination }).toString('hex'),
      '0d0a0d0a000d0a515549540a2111000cc0000201c6336407dc0401bb',
    );
    assert.equal(
      writeProxyHeader({ version: 1, source, destination }).toString(),
      'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n',
    );
    assert.equal(
      writeProxyHeader({ version: 1, source: ['2001:DB8::0:1', 1], destination: ['::', 2] }).toString(),
      'PROXY TCP6 2001:db8::1 :: 1 2\r\n',
    );
    assert.equal(writeProxyHeader({}).toString('hex'), '0d0a0d0a000d0a515549540a20000000');
    assert.equal(writeProxyHeader({ version: 1 }).toString(), 'PROXY UNKNOWN\r\n');
    assert.equal(writeProxyHeader({ command: 'PROXY' }).toString('hex'), '0d0a0d0a000d0a515549540a21000000');
  });

  it('takes the rest about TLS from what is given', () => {
    const { header } = parseProxyHeader(
      writeProxyHeader({ source, destination, ssl: { verified: true, commonName: 'alice' } }),
    );
    const { usesTLS, certificateOnConnection, certificateInSession, verifyResult } = header!.ssl!;
    assert.deepEqual(
      { usesTLS, certificateOnConnection, certificateInSession, verifyResult },
      { usesTLS: true, certificateOnConnection: true, certificateInSession: false, verifyResult: 0 },
    );
    const plain = parseProxyHeader(writeProxyHeader({ source, destination, ssl: {} })).header!.ssl!;
    assert.deepEqual([plain.usesTLS, plain.verified, plain.verifyResult], [true, false, 1]);
  });

  it('refuses what contradicts itself, and says where', () => {
    const ipv6: SocketAddress = ['::1', 1];
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ version: 3 }, /version must be 1 or 2, got 3/],
      [{ source }, /destination must be an IPv4 address, got undefined/],
      [{ destination }, /source must be an address/],
      [{ source, destination: ipv6 }, /destination must be an IPv4 address, got \["::1",1\]/],
      [{ source: ['localhost', 1], destination }, /source must be an address/],
      [{ source: ['fe80::1%lo', 1], destination: ipv6 }, /source must be an address/],
      [{ source: ['192.0.2.1', 65_536], destination }, /source must be one whose port is 0 to 65535/],
      [{ source: ['192.0.2.1', 0.5], destination }, /source must be one whose port/],
      [{ source: 'a'.repeat(109), destination: '' }, /source must be an address/],
      [{ source: '/a\0b', destination: '' }, /source must be an address/],
      [{ source, destination, transport: 'TCP6' }, /source must be an IPv6 address/],
      [{ source, destination, transport: 'UNKNOWN' }, /source must be left out with UNKNOWN/],
      [{ source, destination, transport: 'SCTP' }, /transport must be one that the protocol has/],
      [{ source, destination, command: 'LOCAL' }, /command must be 'PROXY' where there are addresses/],
      [{ command: 'HELLO' }, /command must be 'PROXY' or 'LOCAL'/],
      [{ version: 1, command: 'LOCAL' }, /version must be 2 where command is LOCAL/],
      [{ version: 1, source, destination, alpn: 'h2' }, /version must be 2 where there are extensions/],
      [
        { version: 1, source, destination, hasChecksum: true },
        /version must be 2 where there are extensions/,
      ],
      [{ version: 1, source: '/a', destination: '/b' }, /version must be 2 where transport is UNIX_STREAM/],
      [{ version: 1, source, destination, transport: 'UDP4' }, /version must be 2 where transport is UDP4/],
      [{ source, destination, uniqueId: 'x'.repeat(129) }, /uniqueId must be at most 128 bytes long/],
      [{ source, destination, alpn: '√' }, /alpn must be of characters of one byte each/],
      [{ source, destination, tlvs: [{ type: 0x02, value: Buffer.alloc(1) }] }, /this is authority/],
      [
        { source, destination, tlvs: [{ type: 256, value: Buffer.alloc(1) }] },
        /tlvs.type must be an integer from 0/,
      ],
      [{ source, destination, tlvs: [{ type: 0xe0, value: 'text' }] }, /tlvs.value must be bytes/],
      [
        { source, destination, tlvs: [{ type: 0xe0, value: Buffer.alloc(65_536) }] },
        /at most 65535 bytes long/,
      ],
      [
        { source, destination, tlvs: [{ type: 0xe0, value: Buffer.alloc(65_535) }] },
        /at most 65,551 bytes long/,
      ],
      [{ source, destination, ssl: { verified: true, verifyResult: 1 } }, /ssl.verified must be what/],
      [{ source, destination, ssl: { verifyResult: -1 } }, /ssl.verifyResult must be an unsigned integer/],
    ];
    for (const [fields, message] of wrong) {
      assert.throws(() => writeProxyHeader(fields), { name: 'TypeError', message }, JSON.stringify(fields));
    }
  });
});
