import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { after, describe, it } from 'node:test';
import { CertificateError, type CertificateFault } from '../../src/index.ts';
import { loadTLSMaterial } from '../../src/tls/tls-material.ts';
import { checkTLSOptions, type TLSOptions } from '../../src/tls/tls-options.ts';
import { TestAuthority } from '../support/tls-material.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const server = authority.issue('localhost');
const other = authority.issue('other.example.org');
const hourMs = 3_600_000;

const place = { action: 'Cannot construct TLSServer', path: 'options.tls' };
const load = (options: TLSOptions) =>
  loadTLSMaterial(checkTLSOptions(options, place), { ...place, ticketKeys: Buffer.alloc(48) });

function refuses(options: TLSOptions, fault: CertificateFault, message: RegExp): void {
  assert.throws(
    () => load(options),
    (error: unknown) => {
      assert.ok(error instanceof CertificateError);
      assert.equal(error.code, 'BAD_CERTIFICATE');
      assert.equal(error.fault, fault);
      assert.match(error.message, message);
      return error.message.startsWith(`${place.action}: options.tls`);
    },
  );
}

describe('certificates and keys', () => {
  const { cert, key, certFile, keyFile } = server;
  const pem = authority.encryptKey(server, 'open sesame');

  const sources: readonly (readonly [name: string, TLSOptions])[] = [
    ['text', { cert, key }],
    ['bytes', { cert: Buffer.from(cert), key: new TextEncoder().encode(key) }],
    ['files', { cert: { file: certFile }, key: { file: pathToFileURL(keyFile) } }],
    ['an encrypted key with its passphrase', { cert, key: { pem, passphrase: 'open sesame' } }],
  ];
  for (const [name, options] of sources) {
    it(`are taken as ${name}`, () => {
      const { identity } = load(options);
      assert.equal(new X509Certificate(identity.cert).subject, 'CN=localhost');
    });
  }

  it('keep the whole chain', () => {
    const { identity } = load({ cert: `${cert}\n${authority.cert}`, key });
    assert.equal(identity.cert.match(/BEGIN CERTIFICATE/g)?.length, 2);
  });

  it('are checked for every host of the sni table too', () => {
    refuses(
      { cert, key, sni: { 'Other.Example.org': { cert: other.cert, key } } },
      'key-mismatch',
      /sni\["Other\.Example\.org"\]\.key/,
    );
    const { sni } = load({ cert, key, sni: { 'Other.Example.org': { cert: other.cert, key: other.key } } });
    assert.equal(sni[0]?.[0], 'other.example.org');
  });

  it('are refused when the key is that of another certificate', () => {
    refuses(
      { cert, key: other.key },
      'key-mismatch',
      /options\.tls\.key must be the private key of options\.tls\.cert/,
    );
  });

  it('are refused when a path was given as text', () => {
    refuses({ cert: certFile, key }, 'unparsable', /must hold a certificate in PEM form .*, got none/);
    refuses({ cert, key: keyFile }, 'bad-key', /must be a private key in PEM form .*, got something else/);
  });

  it('are refused when they cannot be parsed', () => {
    const damaged = cert.replace(/\n[^-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
    refuses({ cert: damaged, key }, 'unparsable', /got one \(number 1\) that cannot be parsed/);
    refuses({ cert: `${cert}\n${damaged}`, key }, 'unparsable', /got one \(number 2\) that cannot be parsed/);
    refuses(
      { cert, key, clientCertificates: { mode: 'require', ca: damaged } },
      'unparsable',
      /clientCertificates\.ca/,
    );
  });

  it('are refused without the passphrase, or with a wrong one', () => {
    refuses({ cert, key: pem }, 'bad-key', /got an encrypted one without its passphrase/);
    refuses({ cert, key: { pem, passphrase: 'open barley' } }, 'bad-key', /or a wrong passphrase/);
  });

  it('are refused when they have expired or are not valid yet', () => {
    const validFrom = new Date(Date.now() - 2 * hourMs);
    const expired = authority.issue('expired', { validFrom, validTo: new Date(Date.now() - hourMs) });
    const early = authority.issue('early', { validFrom: new Date(Date.now() + hourMs) });
    refuses(
      { cert: expired.cert, key: expired.key },
      'expired',
      /must be valid now, got one that expired at \d{4}-/,
    );
    refuses({ cert: early.cert, key: early.key }, 'not-yet-valid', /got one that becomes valid at \d{4}-/);
  });

  it('pass the error of the operating system for a file that is not there', () => {
    assert.throws(() => load({ cert: { file: '/nowhere/cert.pem' }, key }), {
      code: 'ENOENT',
      message: /nowhere/,
    });
  });

  it('are read when they are loaded, not before', () => {
    const file = authority.path('changing.pem');
    const options = checkTLSOptions({ cert: { file }, key }, place);
    writeFileSync(file, cert);
    assert.ok(loadTLSMaterial(options, { ...place, ticketKeys: Buffer.alloc(48) }));
  });

  it('stay plain data that another thread could use', () => {
    const material = load({
      cert,
      key,
      sni: { 'a.org': { cert, key } },
      clientCertificates: { mode: 'request' },
    });
    assert.deepEqual(structuredClone({ ...material, ticketKeys: [] }), { ...material, ticketKeys: [] });
  });
});
