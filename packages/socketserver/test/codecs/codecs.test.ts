import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Codec, delimited, FrameError, jsonLines, lengthPrefixed, netstrings } from '../../src/index.ts';
import { decodeAll, encodeAll } from './decode-all.ts';

/** The bytes of one message, as hexadecimal text. */
function encoded<Outgoing>(codec: Codec<unknown, Outgoing>, message: Outgoing): string {
  return encodeAll(codec, [message]).toString('hex');
}

function bad(fault: FrameError['fault'], fields: { offset?: number; limit?: number } = {}) {
  return (error: unknown) => {
    assert.ok(error instanceof FrameError);
    assert.equal(error.code, 'BAD_FRAME');
    assert.equal(error.fault, fault);
    assert.equal(error.offset, fields.offset ?? 0);
    assert.equal(error.limit, fields.limit);
    return true;
  };
}

describe('length prefixes', () => {
  it('stand before the message, in every size and order', () => {
    assert.equal(encoded(lengthPrefixed(), 'hey'), '00000003686579');
    assert.equal(encoded(lengthPrefixed({ lengthBytes: 1 }), 'hey'), '03686579');
    assert.equal(encoded(lengthPrefixed({ lengthBytes: 2, endian: 'little' }), 'hey'), '0300686579');
    assert.equal(encoded(lengthPrefixed({ lengthBytes: 2, includesHeader: true }), 'hey'), '0005686579');
    assert.equal(
      encoded(lengthPrefixed({ lengthBytes: 8, includesHeader: true }), 'hey'),
      '000000000000000b686579',
    );
    assert.equal(
      encoded(lengthPrefixed({ lengthBytes: 8, endian: 'little' }), 'hey'),
      '0300000000000000686579',
    );
    assert.equal(encoded(lengthPrefixed({ lengthBytes: 'varint' }), 'hey'), '03686579');
    assert.equal(encoded(lengthPrefixed({ lengthBytes: 'varint' }), 'x'.repeat(300)).slice(0, 4), 'ac02');
  });

  it('may be longer than 32 bits', () => {
    const codec = lengthPrefixed({ lengthBytes: 8, max: Infinity });
    assert.equal(codec.decode(Buffer.from('0000000100000001', 'hex'), 0), 8 + 2 ** 32 + 1);
    const little = lengthPrefixed({ lengthBytes: 8, endian: 'little', max: Infinity });
    assert.equal(little.decode(Buffer.from('0100000001000000', 'hex'), 0), 8 + 2 ** 32 + 1);
    const varint = lengthPrefixed({ lengthBytes: 'varint', max: Infinity });
    assert.equal(varint.decode(Buffer.from('8180808010', 'hex'), 0), 5 + 2 ** 32 + 1);
  });

  it('ask for the whole message at once, without a copy when it is there', () => {
    const codec = lengthPrefixed({ lengthBytes: 2 });
    const bytes = Buffer.from('0003686579ff', 'hex');
    assert.equal(codec.decode(bytes.subarray(0, 1), 0), 2);
    assert.equal(codec.decode(bytes.subarray(0, 2), 0), 5);
    const decoded = codec.decode(bytes, 0);
    assert.ok(typeof decoded === 'object');
    assert.equal(decoded.size, 5);
    assert.equal(decoded.message.buffer, bytes.buffer);
    const large = Buffer.alloc(10_000);
    assert.equal(codec.encode(large)[1], large);
  });

  it('above the maximum are refused before a byte of the message has come', () => {
    const limit = 1_000;
    for (const [hex, options] of [
      ['000003e9', {}],
      ['ffffffff', {}],
      ['e9030000', { endian: 'little' }],
      ['000003ed', { includesHeader: true }],
      ['03e9', { lengthBytes: 2 }],
      ['00000000000003e9', { lengthBytes: 8 }],
      ['ffffffffffffffff', { lengthBytes: 8 }],
      ['e907', { lengthBytes: 'varint' }],
      ['ffff', { lengthBytes: 'varint' }], // whatever follows
    ] as const) {
      const codec = lengthPrefixed({ ...options, max: limit });
      assert.throws(() => codec.decode(Buffer.from(hex, 'hex'), 0), bad('too-long', { limit }), hex);
    }
    assert.equal(lengthPrefixed({ max: limit }).decode(Buffer.from('000003e8', 'hex'), 0), 1_004);
    assert.equal(lengthPrefixed({ lengthBytes: 1, includesHeader: true }).maxFrameBytes, 255);
  });

  it('that do not count themselves where they should, or do not end, are malformed', () => {
    const counting = lengthPrefixed({ lengthBytes: 2, includesHeader: true });
    assert.throws(() => counting.decode(Buffer.from('0001', 'hex'), 0), bad('malformed'));
    const varint = lengthPrefixed({ lengthBytes: 'varint' });
    assert.throws(() => varint.decode(Buffer.from('8080808080808080', 'hex'), 0), bad('malformed'));
    assert.deepEqual(decodeAll(varint, [Buffer.from('808000', 'hex')]).messages, [''], 'padding is let pass');
  });

  it('refuse options that make no sense, and messages that are too long', () => {
    const unsound = { lengthBytes: 3 } as unknown as { lengthBytes: 4 };
    assert.throws(() => lengthPrefixed(unsound), /options.lengthBytes must be 1, 2, 4, 8 or 'varint', got 3/);
    assert.throws(() => lengthPrefixed({ lengthBytes: 'varint', endian: 'little' }), /must stand alone/);
    assert.throws(() => lengthPrefixed({ lengthBytes: 'varint', includesHeader: true }), /must stand alone/);
    assert.throws(() => lengthPrefixed({ max: -1 }), TypeError);
    assert.throws(() => lengthPrefixed({ lengthBytes: 1 }).encode('x'.repeat(256)), RangeError);
    assert.throws(() => lengthPrefixed({ max: 2 }).encode('hey'), {
      name: 'RangeError',
      message: 'Cannot encode: message must have at most 2 bytes, got 3',
    });
  });
});

describe('a delimiter', () => {
  it('stands behind the message, also where it begins in one piece and ends in the next', () => {
    const codec = delimited('\r\n');
    assert.equal(encodeAll(codec, ['one', '', 'two']).toString(), 'one\r\n\r\ntwo\r\n');
    const { messages } = decodeAll(
      codec,
      ['one\r', '\n\r', '\r\n'].map((piece) => Buffer.from(piece)),
    );
    assert.deepEqual(messages, ['one', '\r']);
  });

  it('is looked for only among bytes that were not seen', () => {
    const codec = delimited('\n');
    assert.equal(codec.decode(Buffer.from('a\nb'), 2), undefined);
  });

  it('must come before the maximum', () => {
    const codec = delimited('\r\n', { max: 3 });
    assert.deepEqual(decodeAll(codec, [Buffer.from('abc\r\n')]).messages, ['abc']);
    assert.throws(() => codec.decode(Buffer.from('abcd\r\n'), 0), bad('too-long', { limit: 3 }));
    assert.throws(() => codec.decode(Buffer.from('abcde'), 0), bad('too-long', { limit: 3 }));
    assert.equal(codec.decode(Buffer.from('abc\r'), 0), undefined);
  });

  it('must not be in a message: its reader would take that for two', () => {
    assert.throws(() => delimited('\r\n').encode('RCPT TO:<a>\r\nDATA'), /must not have the delimiter in it/);
    assert.throws(() => delimited('\n').encode('\n'), TypeError);
    assert.throws(() => delimited('aa').encode('ba'), TypeError, 'it would end a byte early');
    assert.throws(
      () => delimited('\n').encode(Buffer.concat([Buffer.alloc(9_000), Buffer.from('\n')])),
      TypeError,
    );
    assert.equal(encoded(delimited('ab'), 'a'), '616162');
    assert.throws(() => delimited(''), /delimiter must not be empty/);
    assert.throws(() => delimited('\n', { max: 3 }).encode('four'), RangeError);
  });
});

describe('netstrings', () => {
  it('have their length in decimal before them, and a comma behind', () => {
    assert.equal(encodeAll(netstrings(), ['hello world!', '']).toString(), '12:hello world!,0:,');
    assert.deepEqual(decodeAll(netstrings(), [Buffer.from('12:hello world!,0:,')]).messages, [
      'hello world!',
      '',
    ]);
  });

  it('that are not well-formed name their first wrong byte', () => {
    const codec = netstrings();
    for (const [text, offset] of [
      [':,', 0],
      ['x', 0],
      ['1x', 1],
      ['01:a,', 1],
      ['00:,', 1],
      ['3:abcd', 5],
    ] as const) {
      assert.throws(() => codec.decode(Buffer.from(text), 0), bad('malformed', { offset }), text);
    }
  });

  it('above the maximum are refused in the middle of their length', () => {
    assert.throws(() => netstrings().decode(Buffer.from('65537'), 0), bad('too-long', { limit: 65_536 }));
    assert.throws(() => netstrings({ max: 5 }).decode(Buffer.from('6'), 0), bad('too-long', { limit: 5 }));
    assert.throws(() => netstrings({ max: 5 }).encode('sixsix'), RangeError);
  });
});

describe('JSON lines', () => {
  it('carry values, one a line', () => {
    const codec = jsonLines<{ readonly id: number }>();
    assert.equal(encodeAll(codec, [{ id: 1 }, null, 'a\nb']).toString(), '{"id":1}\nnull\n"a\\nb"\n');
    assert.deepEqual(decodeAll(codec, [Buffer.from('{"id":1}\r\n[2]\nnull\n')]).messages, [
      { id: 1 },
      [2],
      null,
    ]);
  });

  it('that are no JSON, or no UTF-8, are malformed', () => {
    const codec = jsonLines();
    for (const text of ['{\n', '\n', '1 2\n', 'undefined\n', '"\xff"\n']) {
      assert.throws(() => codec.decode(Buffer.from(text, 'latin1'), 0), bad('malformed'), text);
    }
    assert.throws(
      () => codec.decode(Buffer.from('{\n'), 0),
      (error: Error) => error.cause instanceof SyntaxError,
    );
  });

  it('refuse what JSON does not have', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 1, 1n, cycle]) {
      assert.throws(() => jsonLines().encode(value), TypeError);
    }
    assert.throws(() => jsonLines({ max: 3 }).encode('abc'), RangeError);
  });
});
