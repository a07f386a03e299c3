import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type InetAddressInput,
  isUnixInput,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../../src/address/parse-address.ts';
import { formatAddress } from '../../src/address/socket-address.ts';

const parseAddress = (input: InetAddressInput | UnixAddressInput) =>
  isUnixInput(input) ? parseUnixAddress(input) : parseInetAddress(input, undefined);

describe('an Internet address', () => {
  it('is read from a pair, an object and text', () => {
    for (const input of [['127.0.0.1', 80] as const, { host: '127.0.0.1', port: 80 }, '127.0.0.1:80']) {
      assert.deepEqual(parseInetAddress(input, undefined), ['127.0.0.1', 80]);
    }
    for (const input of [['::1', 80] as const, { host: '::1', port: 80 }, '[::1]:80']) {
      assert.deepEqual(parseInetAddress(input, undefined), ['::1', 80]);
    }
  });

  it("knows localhost and '' without a resolver", () => {
    assert.deepEqual(parseInetAddress(['localhost', 1], undefined), ['127.0.0.1', 1]);
    assert.deepEqual(parseInetAddress(['localhost', 1], 'AF_INET6'), ['::1', 1]);
    assert.deepEqual(parseInetAddress(['', 1], undefined), ['0.0.0.0', 1]);
    assert.deepEqual(parseInetAddress(['', 1], 'AF_INET6'), ['::', 1]);
  });

  it('is refused with what was wrong and what would be right', () => {
    const parse = (input: unknown) => () => parseInetAddress(input as string, undefined);
    assert.throws(parse(['example.org', 80]), /host must be a numeric IP address.*got "example.org".*lookup/);
    assert.throws(parse(['127.0.0.1', 65_536]), { name: 'RangeError', message: /0 to 65535, got 65536/ });
    assert.throws(parse(['127.0.0.1', -1]), { name: 'RangeError', message: /got -1/ });
    assert.throws(parse(['127.0.0.1', 1.5]), { name: 'RangeError', message: /got 1.5/ });
    assert.throws(parse(['127.0.0.1', '80']), {
      name: 'TypeError',
      message: /port must be a number, got "80"/,
    });
    assert.throws(parse([127, 80]), { name: 'TypeError', message: /host must be a string, got 127/ });
    for (const input of [undefined, null, 80, '80', '::1:80', ['127.0.0.1'], {}]) {
      assert.throws(parse(input), { name: 'TypeError' }, JSON.stringify(input));
    }
    assert.throws(() => parseInetAddress(['::1', 80], 'AF_INET'), /host must be of AF_INET, got "::1"/);
  });
});

describe('a Unix address', () => {
  it('is read from a path, text with unix: and an object', () => {
    for (const input of ['/run/app.sock', 'unix:/run/app.sock', { path: '/run/app.sock' }]) {
      assert.equal(parseUnixAddress(input), '/run/app.sock');
    }
    assert.equal(parseUnixAddress('relative.sock'), 'relative.sock');
  });

  it('is refused when it does not fit or is nothing', () => {
    assert.throws(() => parseUnixAddress('x'.repeat(200)), {
      name: 'RangeError',
      message: /at most 10\d bytes, got 200/,
    });
    assert.throws(() => parseUnixAddress(''), { name: 'TypeError' });
    assert.throws(() => parseUnixAddress('/a\0b'), /no zero byte/);
    assert.throws(() => parseUnixAddress(80 as unknown as string), { name: 'TypeError' });
  });
});

describe('formatAddress', () => {
  it('gives text that parseAddress reads back', () => {
    const addresses = [['127.0.0.1', 80], ['::1', 80], '/run/app.sock', './app.sock'] as const;
    for (const address of addresses) assert.deepEqual(parseAddress(formatAddress(address)), address);
  });

  it('shows the zero byte of an abstract name', { skip: process.platform !== 'linux' }, () => {
    assert.equal(formatAddress('\0name'), 'unix:\\0name');
    assert.equal(parseAddress('unix:\\0name'), '\0name');
  });
});
