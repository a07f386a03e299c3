/**
 * The addresses in a version 2 header, in network order:
 *
 *     IPv4 | source (4)   | destination (4)   | source's port (2) | destination's port (2) |
 *     IPv6 | source (16)  | destination (16)  | source's port (2) | destination's port (2) |
 *     Unix | source (108) | destination (108) | filled up with zeros
 */
import { ipFromBytes, ipToBytes } from '../address/ip-bytes.ts';
import { type InetAddress, inetAddress, type SocketAddress } from '../address/socket-address.ts';
import { unixAddressBytes } from './header-fields.ts';
import type { ProxyHeader } from './proxy-header.ts';
import type { TransportFormat } from './transports.ts';

type Family = TransportFormat['family'];

/** Bytes of the addresses, by the family in the upper half of the transport's byte. */
export const blockBytes: readonly number[] = [0, 12, 36, 2 * unixAddressBytes];

/** @param block - as long as its family's addresses are. */
export function readAddresses(block: Buffer, family: Family): Pick<ProxyHeader, 'source' | 'destination'> {
  if (family === 'none') return { source: undefined, destination: undefined };
  if (family === 'Unix') {
    return {
      source: readUnix(block.subarray(0, unixAddressBytes)),
      destination: readUnix(block.subarray(unixAddressBytes, 2 * unixAddressBytes)),
    };
  }
  const bytes = family === 'IPv4' ? 4 : 16;
  return {
    source: inetAddress(ipFromBytes(block.subarray(0, bytes)), block.readUInt16BE(2 * bytes)),
    destination: inetAddress(
      ipFromBytes(block.subarray(bytes, 2 * bytes)),
      block.readUInt16BE(2 * bytes + 2),
    ),
  };
}

/** A path ends at its first zero byte; an abstract name, which begins with one, before the last ones. [unix(7)] */
function readUnix(bytes: Buffer): SocketAddress {
  const isAbstract = bytes[0] === 0;
  const zero = isAbstract ? bytes.findLastIndex((byte) => byte !== 0) + 1 : bytes.indexOf(0);
  return bytes.toString('utf8', 0, zero === -1 ? bytes.length : zero);
}

/** Writes addresses that were checked. */
export function writeAddresses({ source, destination }: Pick<ProxyHeader, 'source' | 'destination'>): Buffer {
  if (source === undefined || destination === undefined) return Buffer.alloc(0);
  if (typeof source === 'string') return Buffer.concat([unixBytes(source), unixBytes(destination as string)]);
  const [destinationHost, destinationPort] = destination as InetAddress;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source[1], 0);
  ports.writeUInt16BE(destinationPort, 2);
  return Buffer.concat([ipToBytes(source[0])!, ipToBytes(destinationHost)!, ports]);
}

function unixBytes(path: string): Buffer {
  const bytes = Buffer.alloc(unixAddressBytes);
  bytes.write(path);
  return bytes;
}
