import { ProxyHeaderError } from '../errors/proxy-header-error.ts';
import type { ParsedProxyHeader } from './proxy-header.ts';
import { parseVersion1, version1Signature } from './version-1.ts';
import { parseVersion2, version2Signature } from './version-2.ts';

/** Bytes that a header may have, unless its reader says otherwise: several times what proxies send. */
export const defaultMaxHeaderBytes = 4_096;

/** Options of {@link parseProxyHeader}. */
export interface ParseProxyHeaderOptions {
  /** Bytes that a header may have; one of version 1 never has more than 107. Default 4,096. */
  readonly maxBytes?: number;
}

/** Bytes of the shortest header, which is of version 1. */
const minHeaderBytes = 15;

/**
 * Reads a PROXY header of either version from the beginning of a connection.
 *
 * @param bytes - all that have come so far, however they were split; they may go on behind the header.
 * @returns the header and its length; or, as long as it is not all there, how many bytes are certainly missing: who
 *   reads only so many never reads beyond the header.
 * @throws {@link ProxyHeaderError} (`PROXY_HEADER`) as soon as no header can come of the bytes, with the offset of the
 *   first one that is wrong.
 *
 * @see HAProxy's `doc/proxy-protocol.txt`
 *
 * @example
 * const { header, length } = parseProxyHeader(bytes);
 */
export function parseProxyHeader(
  bytes: Uint8Array,
  { maxBytes = defaultMaxHeaderBytes }: ParseProxyHeaderOptions = {},
): ParsedProxyHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length === 0) return { header: undefined, missing: minHeaderBytes };
  const isText = buffer[0] === version1Signature[0];
  const signature = isText ? version1Signature : version2Signature;
  const present = Math.min(buffer.length, signature.length);
  if (signature.compare(buffer, 0, present, 0, present) !== 0) throw unlike(buffer, signature);
  return isText ? parseVersion1(buffer) : parseVersion2(buffer, maxBytes);
}

function unlike(bytes: Buffer, signature: Buffer): ProxyHeaderError {
  const offset = signature.findIndex((byte, index) => bytes[index] !== byte);
  return new ProxyHeaderError('it begins as neither version does', { fault: 'signature', offset });
}
