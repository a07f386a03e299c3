import { isIPv4, isIPv6 } from 'node:net';
import type { SocketAddress } from '../address/socket-address.ts';
import type { ProxySSL, ProxyTransport } from './proxy-header.ts';
import { transportFormats } from './transports.ts';

/** What {@link ProxyHeaderFields} tells about the client's TLS. */
export type ProxySSLFields = { readonly [Key in keyof ProxySSL]?: ProxySSL[Key] | undefined };

/**
 * What to write into a PROXY header. A header that was received fits, so that it can be passed on.
 *
 * Without `source` and `destination` it is a `LOCAL` header in version 2, and an `UNKNOWN` one in version 1.
 */
export interface ProxyHeaderFields {
  /** 1 is a line of text, 2 is binary and has extensions. Default 2. */
  readonly version?: 1 | 2 | undefined;
  /** Default `'PROXY'` where there are addresses, else `'LOCAL'`; `'PROXY'` without them is of unknown transport. */
  readonly command?: 'PROXY' | 'LOCAL' | undefined;
  /** What carries the client's connection. Default by the addresses: a stream. */
  readonly transport?: ProxyTransport | undefined;
  /** The client. */
  readonly source?: SocketAddress | undefined;
  /** Where it connected to: of the same family. */
  readonly destination?: SocketAddress | undefined;
  readonly alpn?: string | undefined;
  readonly authority?: string | undefined;
  /** At most 128 bytes. */
  readonly uniqueId?: Uint8Array | string | undefined;
  readonly ssl?: ProxySSLFields | undefined;
  readonly netns?: string | undefined;
  /** Whether to add a CRC32c. Default `false`. */
  readonly hasChecksum?: boolean | undefined;
  /** Extensions that have no name here. */
  readonly tlvs?: readonly { readonly type: number; readonly value: Uint8Array }[] | undefined;
}

/** What a header says about addresses, checked. */
export interface CheckedAddresses {
  readonly command: 'PROXY' | 'LOCAL';
  readonly transport: ProxyTransport;
  readonly source: SocketAddress | undefined;
  readonly destination: SocketAddress | undefined;
}

/** Bytes of a Unix address in version 2. */
export const unixAddressBytes = 108;

/** @throws TypeError for addresses that are none, do not go together, or do not fit the command or the transport. */
export function checkAddresses(fields: ProxyHeaderFields): CheckedAddresses {
  const { version = 2, source, destination } = fields;
  const isKnown = source !== undefined || destination !== undefined;
  const command = fields.command ?? (isKnown || version === 1 ? 'PROXY' : 'LOCAL');
  if (command !== 'PROXY' && command !== 'LOCAL') refuse('command', "'PROXY' or 'LOCAL'", command);
  const transport = fields.transport ?? (isKnown ? streamOf(source) : 'UNKNOWN');
  if (!Object.hasOwn(transportFormats, transport))
    refuse('transport', 'one that the protocol has', transport);
  if (command === 'LOCAL' && transport !== 'UNKNOWN') {
    refuse('command', "'PROXY' where there are addresses or a transport", command);
  }
  const { family } = transportFormats[transport];
  requireFamily(source, { family, transport, path: 'source' });
  requireFamily(destination, { family, transport, path: 'destination' });
  return { command, transport, source, destination };
}

function streamOf(address: SocketAddress | undefined): ProxyTransport {
  const family = familyOf(address);
  if (family === 'IPv4') return 'TCP4';
  if (family === 'IPv6') return 'TCP6';
  if (family === 'Unix') return 'UNIX_STREAM';
  return refuse(
    'source',
    'an address: [host, port] with a numeric host, or the path of a Unix socket',
    address,
  );
}

function requireFamily(
  address: SocketAddress | undefined,
  {
    family,
    transport,
    path,
  }: { readonly family: string; readonly transport: ProxyTransport; readonly path: string },
): void {
  if (familyOf(address) !== family) {
    refuse(path, family === 'none' ? `left out with ${transport}` : `an ${family} address`, address);
  }
  if (typeof address !== 'object') return;
  const [, port] = address;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    refuse(path, 'one whose port is 0 to 65535', port);
}

function familyOf(address: SocketAddress | undefined): 'IPv4' | 'IPv6' | 'Unix' | 'none' | 'no address' {
  if (address === undefined) return 'none';
  if (typeof address === 'string') return isUnixAddress(address) ? 'Unix' : 'no address';
  if (!Array.isArray(address) || address.length !== 2) return 'no address';
  const [host] = address as readonly [string, number];
  if (isIPv4(host)) return 'IPv4';
  return isIPv6(host) && !host.includes('%') ? 'IPv6' : 'no address';
}

/** A path has no zero byte, an abstract name begins with one and does not end with one, since zeros fill the rest. */
function isUnixAddress(path: string): boolean {
  const isWhole = path.startsWith('\0') ? path.length > 1 && !path.endsWith('\0') : !path.includes('\0');
  return isWhole && Buffer.byteLength(path) <= unixAddressBytes;
}

/** @throws TypeError that says which part of the fields cannot be written. */
export function refuse(path: string, rule: string, got: unknown): never {
  const shown = typeof got === 'string' || Array.isArray(got) ? JSON.stringify(got) : String(got);
  throw new TypeError(`Cannot write the PROXY header: ${path} must be ${rule}, got ${shown}`);
}
