/** The extensions of a version 2 header that have names. @see HAProxy's `doc/proxy-protocol.txt`, 2.2 */
import { ProxyHeaderError } from '../errors/proxy-header-error.ts';
import { crc32c } from './crc32c.ts';
import { type ProxyHeaderFields, refuse } from './header-fields.ts';
import { noExtensions, type ProxyExtensions } from './proxy-header.ts';
import { readSSL, writeSSL } from './ssl-tlv.ts';
import { type PlacedTLV, readTLVs, sortTLVs, writeOtherTLVs, writeTLV, wrongTLV } from './tlv-list.ts';

const types = { alpn: 0x01, authority: 0x02, checksum: 0x03, uniqueId: 0x05, ssl: 0x20, netns: 0x30 };
const names = new Map(Object.entries(types).map(([name, type]) => [type, name as keyof typeof types]));

/** Fills a header up to a length that its sender likes. */
const paddingType = 0x04;

const maxUniqueIdBytes = 128;
const checksumBytes = 4;

/**
 * Reads what stands in a header behind its addresses, and checks the checksum if it has one.
 *
 * @throws ProxyHeaderError (`PROXY_HEADER`, faults `tlv` and `checksum`).
 */
export function readExtensions(header: Buffer, from: number): ProxyExtensions {
  if (from === header.length) return noExtensions;
  const list = readTLVs(header, { from, to: header.length }).filter(({ type }) => type !== paddingType);
  const { named, others } = sortTLVs(list, names);
  const checksum = named.get('checksum');
  if (checksum !== undefined) verifyChecksum(header, checksum);
  const uniqueId = named.get('uniqueId');
  if (uniqueId !== undefined && uniqueId.value.length > maxUniqueIdBytes) {
    throw wrongTLV(`its unique id has more than ${maxUniqueIdBytes} bytes`, uniqueId.offset);
  }
  const ssl = named.get('ssl');
  return Object.freeze({
    alpn: named.get('alpn')?.value.toString('latin1'),
    authority: named.get('authority')?.value.toString(),
    uniqueId: uniqueId && Buffer.from(uniqueId.value),
    ssl: ssl && readSSL(header, ssl),
    netns: named.get('netns')?.value.toString(),
    hasChecksum: checksum !== undefined,
    tlvs: others,
  });
}

/** The checksum is that of the header with zeros in its place. */
function verifyChecksum(header: Buffer, { value, offset }: PlacedTLV): void {
  if (value.length !== checksumBytes) throw wrongTLV(`its checksum has not ${checksumBytes} bytes`, offset);
  const zeroed = Buffer.from(header).fill(0, offset, offset + checksumBytes);
  if (crc32c(zeroed) !== value.readUInt32BE()) {
    throw new ProxyHeaderError('its CRC32c does not match', { fault: 'checksum', offset });
  }
}

/**
 * Writes extensions. A checksum, if one is wanted, is the last, still of zeros: see {@link fillChecksum}.
 *
 * @throws TypeError for what cannot be written.
 */
export function writeExtensions(fields: ProxyHeaderFields): Buffer {
  const { authority, ssl, netns, tlvs = [], hasChecksum = false } = fields;
  const values: readonly (readonly [number, Uint8Array | undefined])[] = [
    [types.alpn, alpnOf(fields)],
    [types.authority, authority === undefined ? undefined : Buffer.from(authority)],
    [types.uniqueId, uniqueIdOf(fields)],
    [types.ssl, ssl === undefined ? undefined : writeSSL(ssl)],
    [types.netns, netns === undefined ? undefined : Buffer.from(netns)],
  ];
  return Buffer.concat([
    ...values.flatMap(([type, value]) => (value === undefined ? [] : [writeTLV(type, value)])),
    ...writeOtherTLVs(tlvs, { names, path: 'tlvs' }),
    ...(hasChecksum ? [writeTLV(types.checksum, Buffer.alloc(checksumBytes))] : []),
  ]);
}

/** Puts the checksum of a whole header into its last bytes, which are zeros. */
export function fillChecksum(header: Buffer): void {
  header.writeUInt32BE(crc32c(header), header.length - checksumBytes);
}

function alpnOf({ alpn }: ProxyHeaderFields): Buffer | undefined {
  if (alpn === undefined) return undefined;
  const bytes = Buffer.from(alpn, 'latin1');
  return bytes.toString('latin1') === alpn ? bytes : refuse('alpn', 'of characters of one byte each', alpn);
}

function uniqueIdOf({ uniqueId }: ProxyHeaderFields): Uint8Array | undefined {
  if (uniqueId === undefined) return undefined;
  const bytes = typeof uniqueId === 'string' ? Buffer.from(uniqueId) : uniqueId;
  if (bytes.length <= maxUniqueIdBytes) return bytes;
  return refuse('uniqueId', `at most ${maxUniqueIdBytes} bytes long`, bytes.length);
}
