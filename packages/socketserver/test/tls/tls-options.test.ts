import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkTLSOptions, type TLSOptions } from '../../src/tls/tls-options.ts';

const identity = { cert: 'a certificate', key: 'a key' };
const check = (given: unknown) =>
  checkTLSOptions(given as TLSOptions, { action: 'Cannot construct TLSServer', path: 'options.tls' });

describe('the tls group', () => {
  const refused: readonly (readonly [name: string, given: unknown, message: RegExp])[] = [
    ['nothing at all', undefined, /options\.tls\.cert must be PEM text, .*, got nothing/],
    ['what is no object', 'cert.pem', /options\.tls must be an object, got "cert\.pem"/],
    [
      'an unknown key',
      { ...identity, certificate: '' },
      /must have only the keys cert, key, .*, got certificate/,
    ],
    ['a missing certificate', { key: 'a key' }, /options\.tls\.cert must be .*, got nothing/],
    ['a missing key', { cert: 'a certificate' }, /options\.tls\.key must be .*, got nothing/],
    [
      'a certificate that is a number',
      { ...identity, cert: 1 },
      /options\.tls\.cert must be PEM text.*, got 1/,
    ],
    [
      'a source with an unknown key',
      { ...identity, cert: { path: 'x' } },
      /options\.tls\.cert must be .*\{ file: path \}/,
    ],
    [
      'a passphrase that is no text',
      { ...identity, key: { file: 'x', passphrase: 1 } },
      /options\.tls\.key must be/,
    ],
    [
      'a version that is too old',
      { ...identity, minVersion: 'TLSv1.1' },
      /minVersion must be one of .*, got "TLSv1\.1"/,
    ],
    [
      'ciphers that nobody knows',
      { ...identity, ciphers: 'ROT13' },
      /ciphers must be .* OpenSSL knows, got "ROT13"/,
    ],
    [
      'ticket keys of a wrong length',
      { ...identity, ticketKeys: Buffer.alloc(47) },
      /ticketKeys must be 48 bytes/,
    ],
    ['tickets that are neither', { ...identity, sessionTickets: 'no' }, /sessionTickets must be a boolean/],
    [
      'a handshake of no bytes',
      { ...identity, maxHandshakeBytes: 0 },
      /maxHandshakeBytes must be an integer from 1 to Infinity, got 0/,
    ],
    [
      'an empty list of protocols',
      { ...identity, alpnProtocols: [] },
      /alpnProtocols must be a list of names/,
    ],
    ['a protocol name of 256 bytes', { ...identity, alpnProtocols: ['x'.repeat(256)] }, /1 to 255 bytes/],
    [
      'a host that is an address',
      { ...identity, sni: { '127.0.0.1': identity } },
      /options\.tls\.sni must have host names/,
    ],
    [
      'a star inside a host',
      { ...identity, sni: { 'a.*.org': identity } },
      /host names or \*\.names as keys, got "a\.\*\.org"/,
    ],
    [
      'a host without a key',
      { ...identity, sni: { 'a.org': { cert: 'x' } } },
      /options\.tls\.sni\["a\.org"\]\.key must be/,
    ],
    [
      'a wrong mode',
      { ...identity, clientCertificates: { mode: 'demand' } },
      /clientCertificates\.mode must be one of/,
    ],
    [
      'a missing mode',
      { ...identity, clientCertificates: {} },
      /clientCertificates\.mode must be .*, got nothing/,
    ],
    [
      'a missing authority',
      { ...identity, clientCertificates: { mode: 'require' } },
      /clientCertificates\.ca must be .*, got nothing/,
    ],
  ];
  for (const [name, given, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => check(given),
        (error: Error) =>
          error.name === 'TypeError' &&
          error.message.startsWith('Cannot construct TLSServer: ') &&
          message.test(error.message),
      );
    });
  }

  it('is copied: a later change of the given object has no effect', () => {
    const given = { cert: { file: 'one.pem' }, key: Buffer.from('one'), sni: { 'a.org': { ...identity } } };
    const checked = check(given);
    given.cert.file = 'two.pem';
    given.key.write('two');
    given.sni['a.org'].cert = 'another';
    assert.deepEqual(checked.cert, { file: 'one.pem' });
    assert.deepEqual(checked.key, Buffer.from('one'));
    assert.equal(checked.sni?.['a.org']?.cert, 'a certificate');
  });
});
