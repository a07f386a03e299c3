import { constants, hash } from 'node:crypto';
import { createSecureContext, type SecureContext, type TLSSocketOptions } from 'node:tls';
import { CertificateError } from '../errors/tls-errors.ts';
import type { TLSIdentity, TLSMaterial } from './tls-material.ts';
import type { OptionPlace } from './tls-options.ts';

/** What a `tls.TLSSocket` on the server's side needs: one OpenSSL context for each identity, and when to use it. */
export interface TLSContexts extends Readonly<TLSSocketOptions> {
  /** Bytes that a client may send until its handshake is done. Ours, not Node's. */
  readonly maxHandshakeBytes: number;
}

/**
 * Makes the contexts of a server; they are shared by all of its connections.
 *
 * @throws {@link CertificateError} for material that OpenSSL refuses, such as a key too short for its policy.
 */
export function createTLSContexts(material: TLSMaterial, place: OptionPlace): TLSContexts {
  const contextFor = contextFactory(material, place);
  const byHost = new Map(material.sni.map(([host, identity]) => [host, contextFor(identity)]));
  const options: TLSSocketOptions = {
    isServer: true,
    secureContext: contextFor(material.identity),
    requestCert: material.clientCertificates !== 'none',
    rejectUnauthorized: material.clientCertificates === 'require',
  };
  if (material.alpnProtocols !== undefined) options.ALPNProtocols = [...material.alpnProtocols];
  if (byHost.size > 0) options.SNICallback = (host, found) => found(null, findByHost(byHost, host));
  return Object.freeze({ ...options, maxHandshakeBytes: material.maxHandshakeBytes });
}

/** Finds the exact name, else the pattern for its first label; `undefined` stands for the default identity. */
function findByHost(byHost: ReadonlyMap<string, SecureContext>, host: string): SecureContext | undefined {
  const name = host.toLowerCase();
  return byHost.get(name) ?? byHost.get(name.replace(/^[^.]*/, '*'));
}

function contextFactory(
  material: TLSMaterial,
  { action, path }: OptionPlace,
): (identity: TLSIdentity) => SecureContext {
  const { ca, minVersion, ciphers, sessionTickets } = material;
  const options = {
    ca: [...ca], // an empty list, unlike none, keeps the authorities of the public web out
    minVersion,
    ...(ciphers === undefined ? {} : { ciphers }),
    honorCipherOrder: true,
    // Without tickets a client of TLS 1.3 still gets the names of sessions, which nobody keeps. [SSL_CTX_set_options(3)]
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
    ticketKeys: Buffer.from(material.ticketKeys),
    sessionIdContext: sessionIdContext(material),
  };
  return ({ cert, key, passphrase }) => {
    try {
      return createSecureContext({
        ...options,
        cert,
        key,
        ...(passphrase === undefined ? {} : { passphrase }),
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CertificateError(
        `${action}: ${path} must hold certificates and keys that OpenSSL takes, got ${reason}`,
        'refused',
        { cause },
      );
    }
  };
}

/**
 * Sessions are resumed only where clients were checked by the same rules: after a change of these, a ticket from
 * before is void, while a new certificate of the server's own keeps tickets valid. [SSL_CTX_set_session_id_context(3)]
 */
function sessionIdContext({ clientCertificates, ca }: TLSMaterial): string {
  return hash('sha256', JSON.stringify([clientCertificates, ca])).slice(0, 32);
}
