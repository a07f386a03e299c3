/**
 * Version 1 of the PROXY header: one line of ASCII, at most 107 bytes with its end.
 *
 *     PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n
 *     PROXY TCP6 2001:db8::1 2001:db8::7 56324 443\r\n
 *     PROXY UNKNOWN\r\n                                    what may stand after UNKNOWN means nothing
 *           family  source destination source's and destination's port
 *
 * @see HAProxy's `doc/proxy-protocol.txt`, 2.1
 */
import { isIPv4, isIPv6 } from 'node:net';
import { ipFromBytes, ipToBytes } from '../address/ip-bytes.ts';
import { type InetAddress, inetAddress, type SocketAddress } from '../address/socket-address.ts';
import { ProxyHeaderError } from '../errors/proxy-header-error.ts';
import { checkAddresses, type ProxyHeaderFields, refuse } from './header-fields.ts';
import {
  noExtensions,
  type ParsedProxyHeader,
  type ProxyHeader,
  type ProxyTransport,
} from './proxy-header.ts';

/** How a line begins. */
export const version1Signature = Buffer.from('PROXY ');

/** Bytes that a line may have, its end included. */
const maxLineBytes = 107;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** The shortest line that there is for what stands in a line already. */
const shortestLines: readonly string[] = [
  'PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n',
  'PROXY TCP6 :: :: 0 0\r\n',
  'PROXY UNKNOWN\r\n',
];

/**
 * Reads a line.
 *
 * @param received - begins with {@link version1Signature} as far as it goes.
 * @throws ProxyHeaderError (`PROXY_HEADER`).
 */
export function parseVersion1(received: Buffer): ParsedProxyHeader {
  const bytes = received.subarray(0, maxLineBytes);
  const end = bytes.findIndex((byte) => byte === carriageReturn || byte === lineFeed);
  if ((end === -1 ? bytes.length : end) > maxLineBytes - 2) {
    throw wrong('too-long', `no end of its line is in the first ${maxLineBytes} bytes`, maxLineBytes);
  }
  if (end === -1) return { header: undefined, missing: missingOf(bytes) };
  if (bytes[end] === lineFeed) throw wrong('syntax', 'its line ends without a CR', end);
  const next = bytes[end + 1];
  if (next !== undefined && next !== lineFeed) throw wrong('syntax', 'a CR without an LF is in it', end + 1);
  const header = readLine(bytes.toString('latin1', 0, end));
  return next === undefined ? { header: undefined, missing: 1 } : { header, length: end + 2 };
}

/** Bytes that must still come to a line which has no end yet. @throws ProxyHeaderError for a family that is none. */
function missingOf(bytes: Buffer): number {
  const begun = bytes.toString('latin1');
  const [, family = '', ...fields] = begun.split(' ');
  const words = fields.length === 0 ? family : `${family} `;
  const lines = shortestLines.filter((line) => line.replace('\r\n', ' ').startsWith(`PROXY ${words}`));
  if (lines.length === 0) throw noFamily();
  return Math.max(2, Math.min(...lines.map(({ length }) => length - begun.length)));
}

function readLine(line: string): ProxyHeader {
  const [, family, ...fields] = line.split(' ');
  if (family === 'UNKNOWN') return version1Header('UNKNOWN', undefined, undefined);
  if (family !== 'TCP4' && family !== 'TCP6') throw noFamily();
  if (fields.length !== 4) {
    throw wrong('syntax', `${fields.length} fields follow its family where 4 must`, line.length);
  }
  const offsets = offsetsOf(fields, version1Signature.length + family.length + 1);
  const [source, destination] = [0, 1].map((index) => {
    const host = readHost(fields[index]!, { family, offset: offsets[index]! });
    return inetAddress(host, readPort(fields[index + 2]!, offsets[index + 2]!));
  });
  return version1Header(family, source, destination);
}

function version1Header(
  transport: ProxyTransport,
  source: SocketAddress | undefined,
  destination: SocketAddress | undefined,
): ProxyHeader {
  return Object.freeze({ version: 1, command: 'PROXY', transport, source, destination, ...noExtensions });
}

function offsetsOf(fields: readonly string[], first: number): number[] {
  let next = first;
  return fields.map((field) => {
    const offset = next;
    next += field.length + 1;
    return offset;
  });
}

function readHost(
  text: string,
  { family, offset }: { readonly family: 'TCP4' | 'TCP6'; readonly offset: number },
): string {
  const bytes = (family === 'TCP4' ? isIPv4(text) : isIPv6(text)) ? ipToBytes(text) : undefined;
  if (bytes === undefined) throw wrong('address', `an address in it is none of ${family}`, offset);
  return ipFromBytes(bytes);
}

function readPort(text: string, offset: number): number {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) throw wrong('address', 'a port in it is none', offset);
  return port;
}

function noFamily(): ProxyHeaderError {
  return wrong('family', 'its family is none of TCP4, TCP6 and UNKNOWN', version1Signature.length);
}

function wrong(fault: 'too-long' | 'syntax' | 'family' | 'address', message: string, offset: number) {
  return new ProxyHeaderError(message, { fault, offset });
}

/** Writes a line. @throws TypeError for what version 1 has no words for. */
export function writeVersion1(fields: ProxyHeaderFields): Buffer {
  const { command, transport, source, destination } = checkAddresses(fields);
  if (command === 'LOCAL') refuse('version', '2 where command is LOCAL', 1);
  if (!isPlain(fields)) refuse('version', '2 where there are extensions', 1);
  if (transport === 'UNKNOWN') return Buffer.from('PROXY UNKNOWN\r\n');
  if (transport !== 'TCP4' && transport !== 'TCP6') refuse('version', `2 where transport is ${transport}`, 1);
  const [[sourceHost, sourcePort], [host, port]] = [source as InetAddress, destination as InetAddress];
  return Buffer.from(
    `PROXY ${transport} ${inOneForm(sourceHost)} ${inOneForm(host)} ${sourcePort} ${port}\r\n`,
  );
}

/** Whether a header has no extensions. */
function isPlain({ alpn, authority, uniqueId, ssl, netns, hasChecksum, tlvs }: ProxyHeaderFields): boolean {
  const named = [alpn, authority, uniqueId, ssl, netns];
  return named.every((value) => value === undefined) && hasChecksum !== true && (tlvs ?? []).length === 0;
}

function inOneForm(host: string): string {
  return ipFromBytes(ipToBytes(host)!);
}
