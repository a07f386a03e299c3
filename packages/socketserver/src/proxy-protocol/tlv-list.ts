/**
 * A list of extensions:
 *
 *     | type (1) | length (2) | value (length) | type | ...
 */
import { ProxyHeaderError } from '../errors/proxy-header-error.ts';
import { type ProxyHeaderFields, refuse } from './header-fields.ts';
import type { ProxyTLV } from './proxy-header.ts';

/** Bytes before the value of each. */
const headBytes = 3;

/** The most that a value can hold. */
const maxValueBytes = 65_535;

/** An extension whose value lies in a header, and where. */
export interface PlacedTLV extends ProxyTLV {
  readonly offset: number;
}

/**
 * Reads the extensions in a part of a header.
 *
 * @throws ProxyHeaderError (`PROXY_HEADER`, fault `tlv`) where one does not fit.
 */
export function readTLVs(
  header: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): PlacedTLV[] {
  const list: PlacedTLV[] = [];
  let at = from;
  while (at < to) {
    const offset = at + headBytes;
    const end = offset <= to ? offset + header.readUInt16BE(at + 1) : Infinity;
    if (end > to) throw wrongTLV('an extension in it goes beyond its end', at);
    list.push({ type: header[at]!, value: header.subarray(offset, end), offset });
    at = end;
  }
  return list;
}

/**
 * Sorts extensions into those whose type has a name, and the others, which are copied out of the header.
 *
 * @throws ProxyHeaderError (`PROXY_HEADER`, fault `tlv`) where one with a name comes twice: whoever reads the first and
 *   whoever reads the last would not see the same client.
 */
export function sortTLVs<Name extends string>(
  list: readonly PlacedTLV[],
  names: ReadonlyMap<number, Name>,
): { readonly named: ReadonlyMap<Name, PlacedTLV>; readonly others: readonly ProxyTLV[] } {
  const named = new Map<Name, PlacedTLV>();
  const others: ProxyTLV[] = [];
  for (const tlv of list) {
    const name = names.get(tlv.type);
    if (name === undefined) others.push(Object.freeze({ type: tlv.type, value: Buffer.from(tlv.value) }));
    else if (named.has(name)) throw wrongTLV(`its extension ${name} comes twice`, tlv.offset - headBytes);
    else named.set(name, tlv);
  }
  return { named, others: Object.freeze(others) };
}

/** Writes one extension. @throws TypeError for a value that is too long. */
export function writeTLV(type: number, value: Uint8Array): Buffer {
  if (value.length > maxValueBytes)
    refuse('an extension', `at most ${maxValueBytes} bytes long`, value.length);
  const head = Buffer.from([type, value.length >> 8, value.length & 0xff]);
  return Buffer.concat([head, value]);
}

/** Writes the extensions that have no name. @throws TypeError where one has. */
export function writeOtherTLVs(
  tlvs: NonNullable<ProxyHeaderFields['tlvs']>,
  { names, path }: { readonly names: ReadonlyMap<number, string>; readonly path: string },
): Buffer[] {
  return tlvs.map(({ type, value }) => {
    if (!Number.isInteger(type) || type < 0 || type > 255)
      refuse(`${path}.type`, 'an integer from 0 to 255', type);
    const name = names.get(type);
    if (name !== undefined) refuse(`${path}.type`, `none that has a name; this is ${name}`, type);
    if (!(value instanceof Uint8Array)) refuse(`${path}.value`, 'bytes', value);
    return writeTLV(type, value);
  });
}

export function wrongTLV(message: string, offset: number): ProxyHeaderError {
  return new ProxyHeaderError(message, { fault: 'tlv', offset });
}
