import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ParsedProxyHeader,
  parseProxyHeader,
  ProxyHeaderError,
  type ProxyHeaderFault,
} from '../../src/index.ts';

const signature = '0d0a0d0a000d0a515549540a';

/** Bytes written as hexadecimal digits; spaces are for people. */
const hex = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

/** Bytes of text, as hexadecimal digits. */
const ascii = (text: string) => Buffer.from(text).toString('hex');

const parse = (bytes: Buffer | string, maxBytes?: number): ParsedProxyHeader =>
  parseProxyHeader(Buffer.from(bytes as string, 'latin1'), maxBytes === undefined ? {} : { maxBytes });

function header(bytes: Buffer | string) {
  const parsed = parse(bytes);
  assert.ok(parsed.header !== undefined, JSON.stringify(parsed));
  return parsed;
}

function assertFault(bytes: Buffer | string, fault: ProxyHeaderFault, offset: number): void {
  assert.throws(
    () => parse(bytes),
    (error) => {
      assert.ok(error instanceof ProxyHeaderError);
      assert.equal(error.code, 'PROXY_HEADER');
      assert.deepEqual({ fault: error.fault, offset: error.offset }, { fault, offset }, error.message);
      return true;
    },
  );
}

const nothing = {
  alpn: undefined,
  authority: undefined,
  uniqueId: undefined,
  ssl: undefined,
  netns: undefined,
  hasChecksum: false,
  tlvs: [],
};

describe('a PROXY header of version 1', () => {
  it('names client and destination over IPv4', () => {
    const line = 'PROXY TCP4 255.255.255.255 192.0.2.1 65535 0\r\n';
    assert.deepEqual(parse(`${line}GET / HTTP/1.1\r\n`), {
      header: {
        version: 1,
        command: 'PROXY',
        transport: 'TCP4',
        source: ['255.255.255.255', 65_535],
        destination: ['192.0.2.1', 0],
        ...nothing,
      },
      length: line.length,
    });
  });

  it('names them over IPv6, however they are written', () => {
    const { source, destination, transport } = header(
      'PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::ffff:192.0.2.1 56324 443\r\n',
    ).header;
    assert.deepEqual(
      { source, destination, transport },
      {
        source: ['2001:db8::1', 56_324],
        destination: ['::ffff:192.0.2.1', 443],
        transport: 'TCP6',
      },
    );
  });

  it('can be of an unknown transport, and what it says then means nothing', () => {
    const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`;
    assert.equal(longest.length, 107);
    for (const line of ['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN 1.2.3.4 x\r\n', longest]) {
      const {
        header: { transport, source, command },
        length,
      } = header(`${line}more`);
      assert.deepEqual([transport, source, command, length], ['UNKNOWN', undefined, 'PROXY', line.length]);
    }
  });

  it('is frozen through and through', () => {
    const parsed = header('PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n').header;
    assert.ok([parsed, parsed.source, parsed.tlvs].every((value) => Object.isFrozen(value)));
  });

  it('says what is missing at least, so that nobody reads beyond it', () => {
    const missing: readonly (readonly [string, number])[] = [
      ['', 15],
      ['P', 14],
      ['PROXY ', 9],
      ['PROXY T', 15],
      ['PROXY TCP4', 22],
      ['PROXY TCP6 ', 11],
      ['PROXY UNKNOWN', 2],
      ['PROXY UNKNOWN x', 2],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 2', 2],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r', 1],
    ];
    for (const [text, count] of missing) {
      assert.deepEqual(parse(text), { header: undefined, missing: count }, JSON.stringify(text));
    }
  });

  it('is refused with the place of what is wrong', () => {
    const wrong: readonly (readonly [string, ProxyHeaderFault, number])[] = [
      ['GET / HTTP/1.1\r\n', 'signature', 0],
      ['PROXX', 'signature', 4],
      ['PROXY\r\n', 'signature', 5],
      ['proxy TCP4', 'signature', 0],
      ['PROXY TCP5', 'family', 6],
      ['PROXY TCP ', 'family', 6],
      ['PROXY UNKNOWNS', 'family', 6],
      ['PROXY  TCP4', 'family', 6],
      ['PROXY \r\n', 'family', 6],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 2\n', 'syntax', 34],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\r\n', 'syntax', 35],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1\r\n', 'syntax', 32],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 2 \r\n', 'syntax', 35],
      ['PROXY TCP4  192.0.2.1 192.0.2.9 1 2\r\n', 'syntax', 35],
      ['PROXY TCP4 192.0.2.01 192.0.2.9 1 2\r\n', 'address', 11],
      ['PROXY TCP4 192.0.2.256 192.0.2.9 1 2\r\n', 'address', 11],
      ['PROXY TCP4 ::1 ::1 1 2\r\n', 'address', 11],
      ['PROXY TCP6 ::1 192.0.2.9 1 2\r\n', 'address', 15],
      ['PROXY TCP6 fe80::1%lo ::1 1 2\r\n', 'address', 11],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 01 2\r\n', 'address', 31],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 65536\r\n', 'address', 33],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 -2\r\n', 'address', 33],
      ['PROXY TCP4 192.0.2.1 192.0.2.9 1 0x2\r\n', 'address', 33],
      [`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`, 'too-long', 107],
      [`PROXY UNKNOWN ${'f'.repeat(92)}`, 'too-long', 107],
    ];
    for (const [text, fault, offset] of wrong) assertFault(text, fault, offset);
  });
});

describe('a PROXY header of version 2', () => {
  const ipv4 = 'c0000201 c6336407 dc04 01bb';

  it('names client and destination over IPv4', () => {
    const bytes = hex(signature, '21 11 000c', ipv4);
    assert.deepEqual(parse(Buffer.concat([bytes, Buffer.from('rest')])), {
      header: {
        version: 2,
        command: 'PROXY',
        transport: 'TCP4',
        source: ['192.0.2.1', 56_324],
        destination: ['198.51.100.7', 443],
        ...nothing,
      },
      length: 28,
    });
  });

  it('names them over IPv6, and for datagrams', () => {
    const address = '20010db8 00000000 00000000 0000000';
    const ipv6 = `${address}1 ${address}2 0001 0002`;
    const found = { source: ['2001:db8::1', 1], destination: ['2001:db8::2', 2] };
    for (const [code, transport] of [
      ['21', 'TCP6'],
      ['22', 'UDP6'],
    ] as const) {
      const parsed = header(hex(signature, `21 ${code} 0024`, ipv6)).header;
      assert.deepEqual({ source: parsed.source, destination: parsed.destination }, found);
      assert.equal(parsed.transport, transport);
    }
    assert.equal(header(hex(signature, '21 12 000c', ipv4)).header.transport, 'UDP4');
  });

  it('names Unix sockets: by a path, by an abstract name, by none', () => {
    const path = (text: string) => ascii(text).padEnd(216, '0');
    const longest = `/${'p'.repeat(107)}`;
    const sockets: readonly (readonly [string, string])[] = [
      ['/run/app.sock', '\0abstract'],
      ['', longest],
    ];
    for (const [source, destination] of sockets) {
      for (const [code, transport] of [
        ['31', 'UNIX_STREAM'],
        ['32', 'UNIX_DATAGRAM'],
      ] as const) {
        const parsed = header(hex(signature, `21 ${code} 00d8`, path(source), path(destination))).header;
        assert.deepEqual([parsed.source, parsed.destination], [source, destination]);
        assert.equal(parsed.transport, transport);
      }
    }
  });

  it('of the proxy itself stands for no client, whatever else it says', () => {
    for (const rest of [
      '00 0000',
      '11 000c c0000201c6336407dc0401bb',
      '00 0003 ffffff',
      '55 0001 00',
      '11 0001 00',
    ]) {
      const bytes = hex(signature, '20', rest);
      const parsed = header(bytes);
      const { command, transport, source, tlvs } = parsed.header;
      assert.deepEqual([command, transport, source, tlvs], ['LOCAL', 'UNKNOWN', undefined, []]);
      assert.equal(parsed.length, bytes.length);
    }
  });

  it('can be of an unknown transport, with extensions behind what addresses its family has', () => {
    const alpn = '01 0002 6832';
    for (const rest of [`00 0005 ${alpn}`, `01 0005 ${alpn}`, `10 0011 ${ipv4} ${alpn}`]) {
      const parsed = header(hex(signature, '21', rest)).header;
      assert.deepEqual([parsed.transport, parsed.source, parsed.alpn], ['UNKNOWN', undefined, 'h2']);
    }
  });

  it('tells more by its extensions', () => {
    const extensions = [
      '01 0002 6832', // ALPN h2
      '02 000b',
      ascii('example.com'),
      '04 0003 000000', // padding
      '05 0002 00ff', // unique id
      '30 0004',
      ascii('blue'), // name space
      'ea 0003 010203', // a cloud provider's
      'ea 0000', // and once more, empty
    ];
    const rest = hex(ipv4, ...extensions);
    const length = rest.length.toString(16).padStart(4, '0');
    const { alpn, authority, uniqueId, netns, tlvs, hasChecksum } = header(
      Buffer.concat([hex(signature, '21 11', length), rest]),
    ).header;
    assert.deepEqual(
      [alpn, authority, uniqueId, netns],
      ['h2', 'example.com', Buffer.from([0, 255]), 'blue'],
    );
    assert.deepEqual(tlvs, [
      { type: 0xea, value: Buffer.from([1, 2, 3]) },
      { type: 0xea, value: Buffer.alloc(0) },
    ]);
    assert.equal(hasChecksum, false);
  });

  it("tells of the client's TLS", () => {
    const parts = [
      '21 0007',
      ascii('TLSv1.3'),
      '22 0005',
      ascii('alice'),
      '23 0016',
      ascii('TLS_AES_128_GCM_SHA256'),
      '24 000a',
      ascii('RSA-SHA256'),
      '25 0007',
      ascii('RSA2048'),
      '28 0001 00', // has no name here
    ].join('');
    const ssl = (flags: string, result: string) => {
      const value = hex(flags, result, parts);
      const rest = Buffer.concat([hex(ipv4, '20', value.length.toString(16).padStart(4, '0')), value]);
      return header(Buffer.concat([hex(signature, '21 11', rest.length.toString(16).padStart(4, '0')), rest]))
        .header.ssl;
    };
    assert.deepEqual(ssl('07', '00000000'), {
      usesTLS: true,
      certificateOnConnection: true,
      certificateInSession: true,
      verified: true,
      verifyResult: 0,
      version: 'TLSv1.3',
      commonName: 'alice',
      cipher: 'TLS_AES_128_GCM_SHA256',
      signatureAlgorithm: 'RSA-SHA256',
      keyAlgorithm: 'RSA2048',
      tlvs: [{ type: 0x28, value: Buffer.alloc(1) }],
    });
    assert.equal(ssl('05', '00000000')?.verified, true);
    // No certificate was shown: HAProxy says "no error" then.
    assert.equal(ssl('01', '00000000')?.verified, false);
    assert.deepEqual([ssl('07', '0000000a')?.verified, ssl('07', '0000000a')?.verifyResult], [false, 10]);
    assert.equal(ssl('00', 'ffffffff')?.usesTLS, false);
  });

  it('has a checksum that must be right, wherever it stands', () => {
    const alpn = '01 0002 6832';
    // Computed by hand from the definition: [proxy-protocol.txt 2.2.3], RFC 4960 appendix B.
    const good = hex(signature, '21 11 0018', ipv4, '03 0004 00000000', alpn);
    good.writeUInt32BE(crcByHand(good), 31);
    assert.equal(header(good).header.hasChecksum, true);
    assert.equal(header(good).header.alpn, 'h2');
    for (let at = 16; at < 28; at += 1) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x10;
      assertFault(bad, 'checksum', 31);
    }
  });

  it('says what is missing at least, so that nobody reads beyond it', () => {
    const whole = hex(signature, '21 11 000c', ipv4);
    for (let length = 1; length < 28; length += 1) {
      const missing = length < 16 ? 16 - length : 28 - length;
      assert.deepEqual(parse(whole.subarray(0, length)), { header: undefined, missing });
    }
  });

  it('is refused with the place of what is wrong, as soon as that is there', () => {
    const long = 'ff'.repeat(129);
    const wrong: readonly (readonly [Buffer, ProxyHeaderFault, number])[] = [
      [hex('0d0a0d0b'), 'signature', 3],
      [hex('160301'), 'signature', 0],
      [hex(signature, '11'), 'version', 12],
      [hex(signature, '31'), 'version', 12],
      [hex(signature, '22'), 'command', 12],
      [hex(signature, '2f'), 'command', 12],
      [hex(signature, '21 41'), 'family', 13],
      [hex(signature, '21 13'), 'family', 13],
      [hex(signature, '21 11 000b'), 'address', 14],
      [hex(signature, '21 21 0023'), 'address', 14],
      [hex(signature, '21 31 00d7'), 'address', 14],
      [hex(signature, '21 11 0ff1'), 'too-long', 14],
      [hex(signature, '20 00 ffff'), 'too-long', 14],
      [hex(signature, '21 11 000e', ipv4, '0100'), 'tlv', 28],
      [hex(signature, '21 11 000f', ipv4, '010001'), 'tlv', 28],
      [hex(signature, '21 11 0012', ipv4, '010000 020001'), 'tlv', 31],
      [hex(signature, '21 11 0014', ipv4, '01 0001 61', '01 0001 61'), 'tlv', 32],
      [hex(signature, '21 11 0012', ipv4, '03 0003 000000'), 'tlv', 31],
      [hex(signature, '21 11 0090', ipv4, '05 0081', long), 'tlv', 31],
      [hex(signature, '21 11 0013', ipv4, '20 0004 01000000'), 'tlv', 31],
      [hex(signature, '21 11 0017', ipv4, '20 0008 0100000000 210001'), 'tlv', 36],
      [hex(signature, '21 11 001a', ipv4, '20 000b 0100000000 210000 210000'), 'tlv', 39],
    ];
    for (const [bytes, fault, offset] of wrong) assertFault(bytes, fault, offset);
  });

  it('may have as many bytes as its reader allows', () => {
    const bytes = hex(signature, '21 11 000c', ipv4);
    assert.throws(() => parse(bytes, 27), { fault: 'too-long' });
    assert.ok(parse(bytes, 28).header !== undefined);
    const huge = Buffer.concat([hex(signature, '20 00 ffff'), Buffer.alloc(65_535)]);
    assert.equal((parse(huge, 65_551) as { length: number }).length, 65_551);
  });
});

/** CRC32c bit by bit, from its definition, beside the table of the library. */
function crcByHand(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit += 1) {
      const carry = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (carry === 1 ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}
