import { ProtocolError } from '../errors.ts';
import { aCount, aText, type FieldRules, listOf, readJSON } from './json-payload.ts';

/** The version that this code speaks. */
export const protocolVersion = 1;

/** The application protocol that both sides of a TLS connection name. [RFC 7301] */
export const alpnProtocol = 'rcmd/1';

/**
 * The first message of each side, the client's right after the preface: payload JSON. Both name the versions that they speak
 * and go on with the highest that they share; a feature is used where both name it, and unknown ones are passed over.
 */
export interface Hello {
  readonly min: number;
  readonly max: number;
  readonly features: readonly string[];
  /** A name and a version, for logs. */
  readonly software: string;
}

const rules: FieldRules = { min: aCount, max: aCount, features: listOf(aText), software: aText };

/** @throws ProtocolError */
export function decodeHello(payload: Buffer): Hello {
  return readJSON(payload, 'HELLO', rules) as unknown as Hello;
}

/** The version that both sides speak. @throws {@link ProtocolError} where there is none. */
export function agreedVersion(ours: Hello, theirs: Hello): number {
  const version = Math.min(ours.max, theirs.max);
  if (version >= ours.min && version >= theirs.min && theirs.min <= theirs.max) return version;
  throw new ProtocolError(
    `the peer speaks versions ${theirs.min} to ${theirs.max} of the protocol, we speak ${ours.min} to ${ours.max}`,
  );
}
