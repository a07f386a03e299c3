import { isIP } from 'node:net';
import {
  type InetAddress,
  inetAddress,
  isInetAddress,
  type SocketAddress,
} from '../address/socket-address.ts';

/**
 * Checks where a datagram is to go.
 *
 * @param isIPv6 - whether it leaves from an IPv6 socket, on which an IPv4 host has another form.
 * @returns the destination as that socket takes it.
 * @throws TypeError for a name, or for the nameless client of a Unix socket; RangeError for a port out of range.
 */
export function checkDestination(
  address: SocketAddress,
  { isIPv6 }: { readonly isIPv6: boolean },
): SocketAddress {
  if (!isInetAddress(address)) {
    if (address !== '') return address;
    throw new TypeError("Cannot sendto: address must be a path, got '', which is a client without a name");
  }
  const family = Array.isArray(address) ? isIP(address[0]) : 0;
  if (family === 0) {
    throw new TypeError(
      `Cannot sendto: address must be a numeric host and a port, got ${JSON.stringify(address)}`,
    );
  }
  const [host, port] = address;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`Cannot sendto: port must be an integer from 1 to 65535, got ${String(port)}`);
  }
  return isIPv6 && family === 4 ? mapToIPv6(host, port) : address;
}

/** The IPv6 form of an IPv4 destination. [RFC 4291 2.5.5.2] */
function mapToIPv6(host: string, port: number): InetAddress {
  return inetAddress(`::ffff:${host}`, port);
}
