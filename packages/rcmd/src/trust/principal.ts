/** Who is at the other end of an authenticated connection. */
export type Principal = KeyPrincipal | UserPrincipal | AnyonePrincipal;

/** Somebody who holds a key that `authorized_keys` lists. */
export interface KeyPrincipal {
  readonly kind: 'key';
  /** `SHA256:` and the base64 of the public key's (SPKI's) digest, without padding. */
  readonly fingerprint: string;
  /** The comment beside the key, for people. */
  readonly comment: string;
}

/** The local user behind a Unix socket. */
export interface UserPrincipal {
  readonly kind: 'user';
  /** `undefined` where the engine cannot tell: the permissions of the socket let only the server's own user in. */
  readonly uid: number | undefined;
  readonly pid: number | undefined;
}

/** Whoever can connect to the listener of the classic exchange. */
export interface AnyonePrincipal {
  readonly kind: 'anyone';
}

/** One line about a principal, for logs and the audit. */
export function describePrincipal(principal: Principal): string {
  if (principal.kind === 'anyone') return 'anyone (classic)';
  if (principal.kind === 'user') return `user ${principal.uid ?? 'of this server'}`;
  return principal.comment === '' ? principal.fingerprint : `${principal.fingerprint} (${principal.comment})`;
}
