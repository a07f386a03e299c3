/**
 * Version 2 of the PROXY header, which is binary:
 *
 *     | signature (12) | version 2, command (4 bits each) | transport (1) | length of the rest (2) | addresses | extensions |
 *
 * @see HAProxy's `doc/proxy-protocol.txt`, 2.2
 */
import { ProxyHeaderError, type ProxyHeaderFault } from '../errors/proxy-header-error.ts';
import { blockBytes, readAddresses, writeAddresses } from './address-block.ts';
import { fillChecksum, readExtensions, writeExtensions } from './extensions.ts';
import { checkAddresses, type ProxyHeaderFields, refuse } from './header-fields.ts';
import { noExtensions, type ParsedProxyHeader, type ProxyHeader } from './proxy-header.ts';
import { transportFormats, transportOf } from './transports.ts';

/** How a header begins: no text, and no beginning of any protocol that it could be taken for. */
export const version2Signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Bytes before the addresses. */
export const headBytes = 16;

const commandAt = 12;
const transportAt = 13;
const lengthAt = 14;

/** The highest family, and the highest kind of socket, that the transport's byte may name. */
const maxFamily = 3;
const maxKind = 2;

/**
 * Reads a header.
 *
 * @param bytes - begin with {@link version2Signature} as far as they go.
 * @param maxBytes - that a header may have.
 * @throws ProxyHeaderError (`PROXY_HEADER`), as soon as the wrong byte is there.
 */
export function parseVersion2(bytes: Buffer, maxBytes: number): ParsedProxyHeader {
  const command = bytes[commandAt];
  const transport = bytes[transportAt];
  if (command !== undefined) checkCommand(command);
  const isLocal = command === 0x20;
  if (transport !== undefined && !isLocal) checkTransport(transport);
  if (bytes.length < headBytes) return { header: undefined, missing: headBytes - bytes.length };
  const length = headBytes + bytes.readUInt16BE(lengthAt);
  if (length > maxBytes)
    throw wrong('too-long', `it has ${length} bytes, more than the ${maxBytes} allowed`, lengthAt);
  const extensionsAt = headBytes + blockBytes[transport! >> 4]!;
  if (!isLocal && length < extensionsAt) {
    throw wrong('address', `its ${length} bytes have no room for its addresses`, lengthAt);
  }
  if (bytes.length < length) return { header: undefined, missing: length - bytes.length };
  const header = isLocal ? localHeader : readHeader(bytes.subarray(0, length), extensionsAt);
  return { header, length };
}

function checkCommand(byte: number): void {
  if (byte >> 4 !== 2) throw wrong('version', `its version is ${byte >> 4} where it must be 2`, commandAt);
  if ((byte & 0x0f) > 1) throw wrong('command', `its command ${byte & 0x0f} does not exist`, commandAt);
}

function checkTransport(byte: number): void {
  if (byte >> 4 <= maxFamily && (byte & 0x0f) <= maxKind) return;
  throw wrong('family', `its transport 0x${byte.toString(16).padStart(2, '0')} does not exist`, transportAt);
}

function readHeader(bytes: Buffer, extensionsAt: number): ProxyHeader {
  const transport = transportOf(bytes[transportAt]!);
  const { family } = transportFormats[transport];
  const addresses = readAddresses(bytes.subarray(headBytes, extensionsAt), family);
  const extensions = readExtensions(bytes, extensionsAt);
  return Object.freeze({ version: 2, command: 'PROXY', transport, ...addresses, ...extensions });
}

/** What follows such a header is not looked at: it stands for the proxy itself. [proxy-protocol.txt 2.2: LOCAL] */
const localHeader: ProxyHeader = Object.freeze({
  version: 2,
  command: 'LOCAL',
  transport: 'UNKNOWN',
  source: undefined,
  destination: undefined,
  ...noExtensions,
});

function wrong(fault: ProxyHeaderFault, message: string, offset: number): ProxyHeaderError {
  return new ProxyHeaderError(message, { fault, offset });
}

/** Writes a header. @throws TypeError for what cannot be written. */
export function writeVersion2(fields: ProxyHeaderFields): Buffer {
  const addresses = checkAddresses(fields);
  const rest = Buffer.concat([writeAddresses(addresses), writeExtensions(fields)]);
  if (rest.length > 0xff_ff) refuse('all of it', 'at most 65,551 bytes long', headBytes + rest.length);
  const head = Buffer.alloc(headBytes);
  version2Signature.copy(head);
  head[commandAt] = addresses.command === 'LOCAL' ? 0x20 : 0x21;
  head[transportAt] = transportFormats[addresses.transport].code;
  head.writeUInt16BE(rest.length, lengthAt);
  const header = Buffer.concat([head, rest]);
  if (fields.hasChecksum === true) fillChecksum(header);
  return header;
}
