import { SocketServerError } from './socket-server-error.ts';

/**
 * What is wrong with a PROXY header, or kept it from coming:
 *
 * - `signature`: neither version's begins like this; the peer speaks something else.
 * - `version`, `command`, `family`: a value that the protocol does not have.
 * - `syntax`: a version 1 line that is not formed as it must be.
 * - `address`: an address or a port that is none, or a length that has no room for the addresses.
 * - `tlv`: an extension that does not fit into the header, comes twice, or holds what it must not.
 * - `checksum`: the CRC32c does not match.
 * - `too-long`: more bytes than the protocol or the server allows.
 * - `timeout`, `closed`: the header did not come in time, or the peer ended the connection before its end.
 * - `untrusted`: the peer is none of those that are to send headers, and others are refused.
 */
export type ProxyHeaderFault =
  | 'signature'
  | 'version'
  | 'command'
  | 'family'
  | 'syntax'
  | 'address'
  | 'tlv'
  | 'checksum'
  | 'too-long'
  | 'timeout'
  | 'closed'
  | 'untrusted';

/** A connection came without the PROXY header that it must begin with. `code` is `PROXY_HEADER`. */
export class ProxyHeaderError extends SocketServerError {
  readonly fault: ProxyHeaderFault;
  /** Bytes of the header before the one that is wrong; for `timeout` and `closed` those that had come. */
  readonly offset: number;

  constructor(
    message: string,
    { fault, offset }: { readonly fault: ProxyHeaderFault; readonly offset: number },
    options?: ErrorOptions,
  ) {
    super('PROXY_HEADER', `No valid PROXY header: ${message}`, options);
    this.fault = fault;
    this.offset = offset;
  }

  static {
    this.prototype.name = 'ProxyHeaderError';
  }
}
