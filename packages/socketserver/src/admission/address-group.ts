import { ipToBytes } from '../address/ip-bytes.ts';

/** The first twelve bytes of an IPv4 address that is written as one of IPv6. [RFC 4291 2.5.5.2] */
const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex');

/**
 * What counts as one client by its address: one IPv4 address, however it is written; the first 64 bits of an IPv6
 * address, since whoever has one such address mostly has all of them. Of link-local addresses, which everybody on the
 * link has with the same first bits, each is a client of its own.
 *
 * @param host - a numeric address, also with a zone.
 */
export function addressGroup(host: string): string {
  if (!host.includes(':')) return host;
  const bytes = ipToBytes(host.replace(/%.*$/, ''));
  if (bytes === undefined || isLinkLocal(bytes)) return host;
  if (bytes.subarray(0, 12).equals(mappedPrefix)) return bytes.subarray(12).join('.');
  return `${bytes.toString('hex', 0, 8)}::/64`;
}

/** `fe80::/10`. [RFC 4291 2.5.6] */
function isLinkLocal(bytes: Buffer): boolean {
  return bytes[0] === 0xfe && (bytes[1]! & 0xc0) === 0x80;
}
