import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CertificateError } from '../errors/tls-errors.ts';
import type { KeySource, OptionPlace, PEMSource, TLSIdentityOptions, TLSOptions } from './tls-options.ts';

/**
 * Everything that a server needs for handshakes, read, checked and plain: it can be sent to another thread or
 * process.
 */
export interface TLSMaterial {
  readonly identity: TLSIdentity;
  /** Further identities, by host name or `*.` pattern in lower case. */
  readonly sni: readonly (readonly [host: string, identity: TLSIdentity])[];
  readonly clientCertificates: 'require' | 'request' | 'none';
  /** Authorities for client certificates. */
  readonly ca: readonly string[];
  readonly alpnProtocols: readonly string[] | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers: string | undefined;
  readonly ticketKeys: Uint8Array;
  readonly sessionTickets: boolean;
  readonly maxHandshakeBytes: number;
}

/** A certificate chain and its key, in PEM form. */
export interface TLSIdentity {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
}

const certificateBlock = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/**
 * Reads the files that checked options name, and checks what is in them.
 *
 * @param ticketKeys - seal session tickets where the options have no keys for that.
 * @throws {@link CertificateError}; the operating system's error for a file that cannot be read.
 */
export function loadTLSMaterial(
  options: TLSOptions,
  { action, path: group, ticketKeys }: OptionPlace & { readonly ticketKeys: Uint8Array },
): TLSMaterial {
  const place = (path: string): OptionPlace => ({ action, path: `${group}${path}` });
  const { sni = {}, clientCertificates } = options;
  const ca = clientCertificates?.ca;
  return Object.freeze({
    identity: loadIdentity(options, place('')),
    sni: Object.entries(sni).map(
      ([host, identity]) =>
        [host.toLowerCase(), loadIdentity(identity, place(`.sni[${JSON.stringify(host)}]`))] as const,
    ),
    clientCertificates: clientCertificates?.mode ?? 'none',
    ca: ca === undefined ? [] : loadCertificates(ca, place('.clientCertificates.ca')),
    alpnProtocols: options.alpnProtocols,
    minVersion: options.minVersion ?? 'TLSv1.2',
    ciphers: options.ciphers,
    ticketKeys: options.ticketKeys ?? ticketKeys,
    sessionTickets: options.sessionTickets ?? true,
    maxHandshakeBytes: options.maxHandshakeBytes ?? Infinity,
  });
}

/** Reads and checks a certificate and its key. @throws as {@link loadTLSMaterial} */
export function loadIdentity(options: TLSIdentityOptions, { action, path }: OptionPlace): TLSIdentity {
  const chain = loadCertificates(options.cert, { action, path: `${path}.cert` });
  const certificate = new X509Certificate(chain[0]!);
  checkValidity(certificate, { action, path: `${path}.cert` });
  const key = readPEM(options.key);
  const passphrase = passphraseOf(options.key);
  const privateKey = parseKey({ key, passphrase }, { action, path: `${path}.key` });
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      `${action}: ${path}.key must be the private key of ${path}.cert, got that of another certificate`,
      'key-mismatch',
    );
  }
  return Object.freeze({ cert: chain.join('\n'), key, passphrase });
}

/** Gives each certificate of a PEM text. @throws as {@link loadTLSMaterial} */
export function loadCertificates(source: PEMSource, { action, path }: OptionPlace): readonly string[] {
  const blocks = readPEM(source).match(certificateBlock) ?? [];
  if (blocks.length === 0) {
    throw new CertificateError(
      `${action}: ${path} must hold a certificate in PEM form (-----BEGIN CERTIFICATE-----), got none`,
      'unparsable',
    );
  }
  for (const [index, block] of blocks.entries()) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new CertificateError(
        `${action}: ${path} must hold certificates in PEM form, got one (number ${index + 1}) that cannot be parsed`,
        'unparsable',
        { cause },
      );
    }
  }
  return blocks;
}

function checkValidity(certificate: X509Certificate, { action, path }: OptionPlace): void {
  const { validFromDate, validToDate } = certificate;
  const now = Date.now();
  if (now > validToDate.getTime()) {
    throw new CertificateError(
      `${action}: ${path} must be valid now, got one that expired at ${validToDate.toISOString()}`,
      'expired',
    );
  }
  if (now < validFromDate.getTime()) {
    throw new CertificateError(
      `${action}: ${path} must be valid now, got one that becomes valid at ${validFromDate.toISOString()}`,
      'not-yet-valid',
    );
  }
}

function parseKey(
  { key, passphrase }: Pick<TLSIdentity, 'key' | 'passphrase'>,
  { action, path }: OptionPlace,
): KeyObject {
  try {
    return createPrivateKey(passphrase === undefined ? key : { key, passphrase });
  } catch (cause) {
    const isEncrypted = key.includes('ENCRYPTED'); // in the PEM header or its Proc-Type [RFC 7468, RFC 1421]
    const found =
      passphrase !== undefined
        ? 'something else, or a wrong passphrase'
        : isEncrypted
          ? 'an encrypted one without its passphrase'
          : 'something else';
    throw new CertificateError(
      `${action}: ${path} must be a private key in PEM form (-----BEGIN PRIVATE KEY-----), got ${found}`,
      'bad-key',
      { cause },
    );
  }
}

function readPEM(source: KeySource): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString('latin1');
  if ('file' in source) return readFileSync(source.file, 'latin1');
  return readPEM(source.pem);
}

function passphraseOf(source: KeySource): string | undefined {
  return typeof source === 'object' && 'passphrase' in source ? source.passphrase : undefined;
}
