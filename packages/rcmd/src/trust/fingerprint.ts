import {
  createHash,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  type X509Certificate,
} from 'node:crypto';

/** How keys are named: `SHA256:` and 43 characters of base64. */
export const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** Names a public key: the SHA-256 of its SPKI form, in OpenSSH's way of writing. [RFC 5280 4.1.2.7] */
export function fingerprintOf(key: KeyObject | X509Certificate): string {
  const publicKey = 'publicKey' in key ? key.publicKey : key.type === 'private' ? createPublicKey(key) : key;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`;
}

/** Whether two names are the same, in a time that does not tell how much of them is. */
export function isSameFingerprint(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
