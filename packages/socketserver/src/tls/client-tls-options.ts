import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { checkOptions, type OptionRule, type OptionRules } from '../options/check-options.ts';
import type { TLSFacts } from './tls-facts.ts';
import { loadCertificates, loadIdentity } from './tls-material.ts';
import {
  aHostOrAddress,
  aKeySource,
  aPEMSource,
  aVersion,
  checkIdentity,
  type KeySource,
  type OptionPlace,
  type PEMSource,
  protocolNames,
} from './tls-options.ts';

/** How the client's side of TLS is run: the `tls` group of the options of `connect()`, and options of `startTLS()`. */
export interface ClientTLSOptions {
  /** The certificate that this client shows to servers that ask for one, and its key; both or neither. */
  readonly cert?: PEMSource | undefined;
  readonly key?: KeySource | undefined;
  /**
   * The authorities whose certificates count, in place of those that Node knows; `[]` where none does, since
   * `verifyServer` decides: Node takes some milliseconds to read its own, once a process.
   */
  readonly ca?: PEMSource | readonly [] | undefined;
  /** The name that the server's certificate must have, and that is asked for (SNI). Default: the host of the address. */
  readonly serverName?: string | undefined;
  /** Application protocols to offer, the preferred one first. [RFC 7301] */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** The oldest version spoken. Default `'TLSv1.2'`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /**
   * Decides about the server by its certificate, in place of authorities and names, before anything is sent: what it
   * throws, or rejects with, ends the connection, and `connect()`, or `startTLS()`, rejects with it. It may take its time,
   * a user's answer say: `handshakeMs` does not count it, and the signal of `connect()`, or `close()`, ends the wait.
   */
  readonly verifyServer?: ((facts: TLSFacts) => void | Promise<void>) | undefined;
}

const aFunction: OptionRule = { must: 'a function', accepts: (value) => typeof value === 'function' };

const rules: OptionRules<ClientTLSOptions> = {
  cert: aPEMSource,
  key: aKeySource,
  ca: {
    must: `${aPEMSource.must}, or []`,
    accepts: (value) => aPEMSource.accepts(value) || isEmptyList(value),
  },
  serverName: aHostOrAddress,
  alpnProtocols: protocolNames,
  minVersion: aVersion,
  verifyServer: aFunction,
};

/** What the client's side of a handshake needs. */
export interface ClientTLS {
  readonly context: ConnectionOptions;
  readonly verifyServer: ClientTLSOptions['verifyServer'];
}

/**
 * Checks the group, and reads what it names.
 *
 * @param host - of the address; `undefined` for one that has none.
 * @throws TypeError for an unknown key or a wrong value; CertificateError; the system's error for a file.
 */
export function resolveClientTLS(given: ClientTLSOptions, place: OptionPlace, host?: string): ClientTLS {
  const {
    ca,
    serverName = host,
    alpnProtocols,
    minVersion,
    verifyServer,
    cert,
    key,
  } = checkOptions(given, rules, place);
  const identity = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  const context: ConnectionOptions = {
    ...(cert === undefined && key === undefined ? {} : loadIdentity(checkIdentity(identity, place), place)),
    ...(ca === undefined ? {} : { ca: authorities(ca, place) }),
    // Node refuses addresses in SNI, and checks the certificate against `host`. [RFC 6066 3]
    ...(serverName === undefined ? {} : { host: serverName }),
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
    minVersion: minVersion ?? 'TLSv1.2',
    rejectUnauthorized: verifyServer === undefined,
  };
  return Object.freeze({ context, verifyServer });
}

function authorities(ca: PEMSource | readonly [], place: OptionPlace): string[] {
  return isEmptyList(ca) ? [] : [...loadCertificates(ca, { ...place, path: `${place.path}.ca` })];
}

function isEmptyList(value: unknown): value is readonly [] {
  return Array.isArray(value) && value.length === 0;
}
