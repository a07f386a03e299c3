import { SocketServerError } from './socket-server-error.ts';

/** What is wrong with a certificate or a key. */
export type CertificateFault =
  'unparsable' | 'expired' | 'not-yet-valid' | 'bad-key' | 'key-mismatch' | 'refused';

/** A TLS server was given a certificate or a key that it cannot use. `code` is `BAD_CERTIFICATE`. */
export class CertificateError extends SocketServerError {
  readonly fault: CertificateFault;

  constructor(message: string, fault: CertificateFault, options?: ErrorOptions) {
    super('BAD_CERTIFICATE', message, options);
    this.fault = fault;
  }

  static {
    this.prototype.name = 'CertificateError';
  }
}

/** What kept a TLS handshake from being completed. */
export type HandshakeFault = 'timeout' | 'closed' | 'protocol' | 'certificate';

/**
 * A client did not get through the TLS handshake: not in time, it went away, it speaks no TLS or none in common
 * with us, or its certificate does not count. `code` is `TLS_HANDSHAKE`; the cause is OpenSSL's or the system's error.
 */
export class TLSHandshakeError extends SocketServerError {
  readonly fault: HandshakeFault;

  constructor(message: string, fault: HandshakeFault, options?: ErrorOptions) {
    super('TLS_HANDSHAKE', `The TLS handshake failed: ${message}`, options);
    this.fault = fault;
  }

  static {
    this.prototype.name = 'TLSHandshakeError';
  }
}
