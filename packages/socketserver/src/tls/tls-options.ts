import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import {
  aBoolean,
  anInteger,
  checkOptions,
  oneOf,
  type OptionRule,
  type OptionRules,
} from '../options/check-options.ts';

/** A certificate, a chain of them or a key in PEM form: the text, its bytes, or the file that holds it. */
export type PEMSource = string | Uint8Array | { readonly file: string | URL };

/** A private key; encrypted ones come with their passphrase. */
export type KeySource =
  | PEMSource
  | { readonly file: string | URL; readonly passphrase: string }
  | { readonly pem: string | Uint8Array; readonly passphrase: string };

/** What a server shows of itself: a certificate, and the key that proves it. */
export interface TLSIdentityOptions {
  /** The certificate, followed by the intermediate ones of its chain. */
  readonly cert: PEMSource;
  /** The private key of the certificate. */
  readonly key: KeySource;
}

/** Whether clients are asked for a certificate. */
export interface ClientCertificateOptions {
  /**
   * `'require'` refuses clients without a certificate of `ca`; `'request'` lets all in, and `request.tls` tells
   * the handler what they showed.
   */
  readonly mode: 'require' | 'request';
  /** The authorities whose certificates count. Without it, which only `'request'` allows, none is `authorized`. */
  readonly ca?: PEMSource | undefined;
}

/** The `tls` group of a TLS server's options. */
export interface TLSOptions extends TLSIdentityOptions {
  /**
   * Further identities by the host name that the client asks for: exact, or `*.example.org` for one label. Other
   * names, and clients that name none, get `cert`. [RFC 6066 3]
   */
  readonly sni?: Readonly<Record<string, TLSIdentityOptions>> | undefined;
  /** Whether clients are asked for a certificate. Default: they are not. */
  readonly clientCertificates?: ClientCertificateOptions | undefined;
  /**
   * Application protocols, the preferred one first, such as `['h2', 'http/1.1']`. A client that offers others
   * only is refused; one that offers none is served. [RFC 7301]
   */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** The oldest version spoken. Default `'TLSv1.2'`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** OpenSSL's cipher list, for both versions. Default: Node's. */
  readonly ciphers?: string | undefined;
  /**
   * 48 secret bytes that seal session tickets. Servers that share them resume each other's sessions. Default:
   * random ones, kept over reloads.
   */
  readonly ticketKeys?: Uint8Array | undefined;
  /**
   * Whether clients get tickets by which they resume their session. A ticket holds the client's certificate, if it has one, and comes
   * back in its first message, which is as much longer. Default `true`; with `false` a ticket holds nothing, and every handshake is a whole one.
   */
  readonly sessionTickets?: boolean | undefined;
  /**
   * Bytes that a client may send until its handshake is done, as they come over the wire: with what it sends at once behind
   * it. A client that sends more never gets through, and is ended within 50 ms. Default `Infinity`: OpenSSL takes a
   * certificate of up to 100 KiB, where clients are asked for one.
   */
  readonly maxHandshakeBytes?: number | undefined;
}

export const aPEMSource: OptionRule = {
  must: 'PEM text, its bytes, or { file: path }',
  accepts: isPEMSource,
};

export const aKeySource: OptionRule = {
  must: 'PEM text, its bytes, { file: path }, { file: path, passphrase } or { pem, passphrase }',
  accepts: (value) => isPEMSource(value) || isEncryptedKey(value),
};

const anObject: OptionRule = {
  must: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null,
};

export const protocolNames: OptionRule = {
  must: 'a list of names of 1 to 255 bytes',
  accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isProtocolName),
};

const aCipherList: OptionRule = { must: 'a cipher list that OpenSSL knows', accepts: isCipherList };

const ticketKeyBytes: OptionRule = {
  must: '48 bytes',
  accepts: (value) => value instanceof Uint8Array && value.length === 48,
};

const identityRules: OptionRules<TLSIdentityOptions> = { cert: aPEMSource, key: aKeySource };

const clientCertificateRules: OptionRules<ClientCertificateOptions> = {
  mode: oneOf('require', 'request'),
  ca: aPEMSource,
};

export const aVersion: OptionRule = oneOf('TLSv1.2', 'TLSv1.3');

const tlsRules: OptionRules<TLSOptions> = {
  ...identityRules,
  sni: anObject,
  clientCertificates: anObject,
  alpnProtocols: protocolNames,
  minVersion: aVersion,
  ciphers: aCipherList,
  ticketKeys: ticketKeyBytes,
  sessionTickets: aBoolean,
  maxHandshakeBytes: anInteger(1, Infinity),
};

/** A host name, or one whose first label is `*`. An address has no place in SNI. [RFC 6066 3] */
const hostPattern = /^(\*\.)?([a-z0-9_-]+\.)*[a-z0-9_-]*[a-z_-][a-z0-9_-]*$/i;

export const aHostOrAddress: OptionRule = {
  must: 'a host name or an IP address',
  accepts: (value) =>
    typeof value === 'string' && (isIP(value) !== 0 || (hostPattern.test(value) && !value.startsWith('*'))),
};

/** Where a message points: what was tried, and the option. */
export interface OptionPlace {
  readonly action: string;
  readonly path: string;
}

/**
 * Checks the shape of the group and copies it; nothing is read yet.
 *
 * @throws TypeError for an unknown or missing key, or a value that breaks its rule.
 */
export function checkTLSOptions(
  given: TLSOptions | undefined,
  { action, path }: OptionPlace,
): Readonly<TLSOptions> {
  const checked = checkOptions(given, tlsRules, { action, path });
  return Object.freeze({
    ...checked,
    ...checkIdentity(checked, { action, path }),
    sni: checkSNI(checked.sni, { action, path: `${path}.sni` }),
    clientCertificates: checkClientCertificates(checked.clientCertificates, {
      action,
      path: `${path}.clientCertificates`,
    }),
    alpnProtocols: checked.alpnProtocols && Object.freeze([...checked.alpnProtocols]),
    ticketKeys: checked.ticketKeys && Buffer.from(checked.ticketKeys),
  });
}

function checkSNI(given: TLSOptions['sni'], { action, path }: OptionPlace): TLSOptions['sni'] {
  if (given === undefined) return undefined;
  const entries = Object.entries(given).map(([host, identity]) => {
    const name = JSON.stringify(host);
    if (!hostPattern.test(host)) {
      throw new TypeError(`${action}: ${path} must have host names or *.names as keys, got ${name}`);
    }
    const place = { action, path: `${path}[${name}]` };
    return [host, checkIdentity(checkOptions(identity, identityRules, place), place)] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function checkClientCertificates(
  given: ClientCertificateOptions | undefined,
  place: OptionPlace,
): ClientCertificateOptions | undefined {
  if (given === undefined) return undefined;
  const { mode, ca } = checkOptions(given, clientCertificateRules, place);
  if (mode === undefined) missing('mode', clientCertificateRules.mode, place);
  if (mode === 'require' && ca === undefined) missing('ca', aPEMSource, place);
  return Object.freeze({ mode, ca: ca && copySource(ca) });
}

/** Checks that both halves of an identity are there, and copies them. */
export function checkIdentity(
  { cert, key }: Partial<TLSIdentityOptions>,
  place: OptionPlace,
): TLSIdentityOptions {
  if (cert === undefined) missing('cert', aPEMSource, place);
  if (key === undefined) missing('key', aKeySource, place);
  return Object.freeze({ cert: copySource(cert), key: copySource(key) });
}

function missing(key: string, { must }: OptionRule, { action, path }: OptionPlace): never {
  throw new TypeError(`${action}: ${path}.${key} must be ${must}, got nothing`);
}

/** The caller's objects are not kept. */
export function copySource<Source extends KeySource>(source: Source): Source {
  const given: KeySource = source;
  if (typeof given === 'string') return source;
  return (given instanceof Uint8Array ? Buffer.from(given) : Object.freeze({ ...given })) as Source;
}

function isPEMSource(value: unknown): boolean {
  return isPEM(value) || (hasOnly(value, ['file']) && isPath(value['file']));
}

function isEncryptedKey(value: unknown): boolean {
  if (hasOnly(value, ['file', 'passphrase']))
    return isPath(value['file']) && typeof value['passphrase'] === 'string';
  if (hasOnly(value, ['pem', 'passphrase']))
    return isPEM(value['pem']) && typeof value['passphrase'] === 'string';
  return false;
}

function isPEM(value: unknown): boolean {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' || value instanceof URL;
}

function hasOnly(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const own = Object.keys(value);
  return own.length === keys.length && keys.every((key) => own.includes(key));
}

function isProtocolName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && Buffer.byteLength(value) <= 255;
}

function isCipherList(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    createSecureContext({ ciphers: value, ca: [] });
    return true;
  } catch {
    return false;
  }
}
