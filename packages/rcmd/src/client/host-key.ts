import { RcmdError } from '../errors.ts';
import { fingerprintPattern, isSameFingerprint } from '../trust/fingerprint.ts';
import type { KnownHosts } from '../trust/known-hosts.ts';

/** A server that shows a key which nobody knows yet. */
export interface HostKeyFacts {
  /** The server as it was named: `host:port`. */
  readonly address: string;
  /** Of the key that it has shown, and proved to hold: `SHA256:` and 43 characters. */
  readonly fingerprint: string;
}

/**
 * Which servers are trusted, besides those of `known_hosts` and those that hold the key of this very user:
 *
 * - `'strict'`: none;
 * - `'accept-new'`: one that is not in `known_hosts`, where it is remembered;
 * - a function: asked about one that is not there; with `true` it is trusted and remembered;
 * - a fingerprint: the one that has this key, and no other, whatever `known_hosts` says.
 *
 * A server whose key is another than the one that is remembered is refused by all of them.
 */
export type HostKeyPolicy =
  'strict' | 'accept-new' | `SHA256:${string}` | ((facts: HostKeyFacts) => boolean | Promise<boolean>);

/**
 * The server is not trusted; nothing was sent to it. `code` tells why: `HOST_KEY_UNKNOWN` (it is not in `known_hosts`), `HOST_KEY_CHANGED` (another key is, or was
 * pinned), `HOST_KEY_REFUSED` (the function said no).
 */
export class HostKeyError extends RcmdError {
  readonly address: string;
  /** Of the key that the server has shown. */
  readonly fingerprint: string;
  /** Of the key that was expected, where one was. */
  readonly known: string | undefined;

  constructor(code: HostKeyFault, message: string, facts: HostKeyFacts & { readonly known?: string }) {
    super(code, message);
    this.address = facts.address;
    this.fingerprint = facts.fingerprint;
    this.known = facts.known;
  }

  static {
    this.prototype.name = 'HostKeyError';
  }
}

/** Why a server is not trusted. */
export type HostKeyFault = 'HOST_KEY_UNKNOWN' | 'HOST_KEY_CHANGED' | 'HOST_KEY_REFUSED';

/** Whether a value is a {@link HostKeyPolicy}. */
export function isHostKeyPolicy(value: unknown): value is HostKeyPolicy {
  if (typeof value === 'function' || value === 'strict' || value === 'accept-new') return true;
  return typeof value === 'string' && fingerprintPattern.test(value);
}

/** What a server's key is compared with. */
export interface HostKeyGrounds {
  readonly policy: HostKeyPolicy;
  readonly knownHosts: KnownHosts;
  /** The fingerprint of this user's own key. */
  readonly own: string;
}

/** @throws {@link HostKeyError} for a server that is not to be trusted, and for one that somebody is to be asked about. */
export function checkHostKey(facts: HostKeyFacts, { policy, knownHosts, own }: HostKeyGrounds): void {
  const { address, fingerprint } = facts;
  if (typeof policy === 'string' && policy.startsWith('SHA256:')) {
    if (isSameFingerprint(policy, fingerprint)) return;
    throw changed(facts, policy, { source: 'the one that it was to show is', remedy: 'name that one' });
  }
  // Whoever holds this key is this user already.
  if (isSameFingerprint(own, fingerprint)) return;
  const verdict = knownHosts.check(address, fingerprint);
  if (verdict.state === 'known') return;
  if (verdict.state === 'changed') {
    const source = `line ${verdict.line} of known_hosts says`;
    throw changed(facts, verdict.known, { source, remedy: 'forget the old one first' });
  }
  if (policy !== 'accept-new') {
    const message = `The server ${address} is not known: its key is ${fingerprint}; compare that with what \`rcmd key\` says there, and trust it with \`rcmd trust ${address}\``;
    throw new HostKeyError('HOST_KEY_UNKNOWN', message, facts);
  }
  knownHosts.add(address, fingerprint);
}

interface Expectation {
  /** Where the other key comes from, as the words before it. */
  readonly source: string;
  /** What to do where the change is right. */
  readonly remedy: string;
}

function changed(facts: HostKeyFacts, known: string, { source, remedy }: Expectation): HostKeyError {
  const { address, fingerprint } = facts;
  const message =
    `THE KEY OF ${address} HAS CHANGED: somebody may be between you and it. It shows ${fingerprint}, and ${source} ${known}. ` +
    `Nothing was sent. If the server has a new key for a reason that you know, ${remedy}`;
  return new HostKeyError('HOST_KEY_CHANGED', message, { ...facts, known });
}
