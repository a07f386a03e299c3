/**
 * The extension that tells about the client's TLS:
 *
 *     | flags (1) | result of the verification (4) | list of parts, as extensions are
 *
 * @see HAProxy's `doc/proxy-protocol.txt`, 2.2.6
 */
import { type ProxySSLFields, refuse } from './header-fields.ts';
import type { ProxySSL } from './proxy-header.ts';
import { type PlacedTLV, readTLVs, sortTLVs, writeOtherTLVs, writeTLV, wrongTLV } from './tlv-list.ts';

const flags = { usesTLS: 0x01, certificateOnConnection: 0x02, certificateInSession: 0x04 };

/** Bytes before the list. */
const headBytes = 5;

const partTypes = {
  version: 0x21,
  commonName: 0x22,
  cipher: 0x23,
  signatureAlgorithm: 0x24,
  keyAlgorithm: 0x25,
};
const parts = Object.entries(partTypes) as readonly [keyof typeof partTypes, number][];
const partNames = new Map(parts.map(([name, type]) => [type, name]));

/** @throws ProxyHeaderError (`PROXY_HEADER`, fault `tlv`). */
export function readSSL(header: Buffer, { value, offset }: PlacedTLV): ProxySSL {
  if (value.length < headBytes) throw wrongTLV('its SSL extension is too short', offset);
  const list = readTLVs(header, { from: offset + headBytes, to: offset + value.length });
  const { named, others } = sortTLVs(list, partNames);
  const text = (name: keyof typeof partTypes) => named.get(name)?.value.toString();
  const has = (flag: number) => (value[0]! & flag) !== 0;
  const certificateOnConnection = has(flags.certificateOnConnection);
  const certificateInSession = has(flags.certificateInSession);
  const verifyResult = value.readUInt32BE(1);
  return Object.freeze({
    usesTLS: has(flags.usesTLS),
    certificateOnConnection,
    certificateInSession,
    verified: isVerified({ certificateOnConnection, certificateInSession, verifyResult }),
    verifyResult,
    version: text('version'),
    commonName: text('commonName'),
    cipher: text('cipher'),
    signatureAlgorithm: text('signatureAlgorithm'),
    keyAlgorithm: text('keyAlgorithm'),
    tlvs: others,
  });
}

/** Writes the value of the extension. @throws TypeError and RangeError for what cannot be written. */
export function writeSSL(fields: ProxySSLFields): Buffer {
  const { usesTLS = true, certificateInSession = false, verified, tlvs = [] } = fields;
  const certificateOnConnection =
    fields.certificateOnConnection ?? (verified === true && !certificateInSession);
  const verifyResult = fields.verifyResult ?? (verified === true ? 0 : 1);
  if (!Number.isInteger(verifyResult) || verifyResult < 0 || verifyResult > 0xff_ff_ff_ff) {
    refuse('ssl.verifyResult', 'an unsigned integer of 32 bits', verifyResult);
  }
  const isBelieved = isVerified({ certificateOnConnection, certificateInSession, verifyResult });
  if (verified !== undefined && verified !== isBelieved) {
    refuse('ssl.verified', 'what its verifyResult and its certificate say', verified);
  }
  const head = Buffer.alloc(headBytes);
  head[0] =
    (usesTLS ? flags.usesTLS : 0) |
    (certificateOnConnection ? flags.certificateOnConnection : 0) |
    (certificateInSession ? flags.certificateInSession : 0);
  head.writeUInt32BE(verifyResult, 1);
  const named = parts.flatMap(([name, type]) => {
    const text = fields[name];
    return text === undefined ? [] : [writeTLV(type, Buffer.from(text))];
  });
  return Buffer.concat([head, ...named, ...writeOtherTLVs(tlvs, { names: partNames, path: 'ssl.tlvs' })]);
}

function isVerified({
  certificateOnConnection,
  certificateInSession,
  verifyResult,
}: Pick<ProxySSL, 'certificateOnConnection' | 'certificateInSession' | 'verifyResult'>): boolean {
  return verifyResult === 0 && (certificateOnConnection || certificateInSession);
}
