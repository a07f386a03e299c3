import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** What a handshake agreed on, and who the client is: `request.tls` of a TLS server's requests. */
export interface TLSFacts {
  /** `'TLSv1.2'` or `'TLSv1.3'`. */
  readonly protocol: string;
  /** The cipher suite under its IANA name, such as `'TLS_AES_256_GCM_SHA384'`. */
  readonly cipher: string;
  /** The host name that the client asked for (SNI), as it sent it. */
  readonly serverName: string | undefined;
  /** The application protocol that both sides speak, where the client offered any. */
  readonly alpnProtocol: string | undefined;
  /** Whether the session of an earlier connection was resumed. */
  readonly resumed: boolean;
  /** Whether the client showed a certificate of `clientCertificates.ca`. */
  readonly authorized: boolean;
  /** Why the certificate that the client showed does not count: OpenSSL's name, such as `'CERT_HAS_EXPIRED'`. */
  readonly authorizationError: string | undefined;
  /** The certificate that the client showed. Believe it only where `authorized`, or where you check it yourself. */
  readonly peerCertificate: X509Certificate | undefined;
}

/** Reads the facts of a completed handshake. */
export function readTLSFacts(
  socket: TLSSocket,
  { requestCert }: { readonly requestCert: boolean },
): TLSFacts {
  const { serverName, alpnProtocol } = namesOf(socket);
  const peerCertificate = requestCert ? socket.getPeerX509Certificate() : undefined;
  const authorizationError = peerCertificate === undefined ? undefined : verifyError(socket);
  return Object.freeze({
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.standardName ?? '',
    serverName,
    alpnProtocol,
    resumed: socket.isSessionReused(),
    authorized: peerCertificate !== undefined && authorizationError === undefined,
    authorizationError,
    peerCertificate,
  });
}

/** Node has `false` for what was not agreed on. */
function namesOf(socket: TLSSocket): Pick<TLSFacts, 'serverName' | 'alpnProtocol'> {
  const { servername, alpnProtocol } = socket as unknown as { servername: unknown; alpnProtocol: unknown };
  return {
    serverName: typeof servername === 'string' ? servername : undefined,
    alpnProtocol: typeof alpnProtocol === 'string' ? alpnProtocol : undefined,
  };
}

/**
 * Asks OpenSSL whether it believes the peer's certificate. `tls.Server` does this for its own sockets, from the
 * undocumented handle; where that should change, no certificate is believed. [Node: onServerSocketSecure]
 */
function verifyError(socket: TLSSocket): string | undefined {
  const handle = (socket as unknown as { _handle?: { verifyError?: () => { code?: string } | null } })
    ._handle;
  if (typeof handle?.verifyError !== 'function') return 'UNSPECIFIED';
  const error = handle.verifyError();
  return error == null ? undefined : (error.code ?? 'UNSPECIFIED');
}
