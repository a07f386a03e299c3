import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RcmdError } from '../errors.ts';
import { requireOwnFile } from '../paths/private-file.ts';
import { appendLine } from './append-line.ts';
import { fingerprintPattern, isSameFingerprint } from './fingerprint.ts';

/** What is known about the key that a server shows. */
export type HostVerdict =
  | { readonly state: 'known' }
  | { readonly state: 'new' }
  /** Another key was there before: the server has changed, or is not who it says. */
  | { readonly state: 'changed'; readonly known: string; readonly line: number };

/** Where the keys of servers are remembered. */
export function knownHostsFile(folder: string): string {
  return join(folder, 'known_hosts');
}

/**
 * The servers that this user has trusted before: lines of `host:port`, a fingerprint and perhaps a comment. `#` begins a line for people.
 */
export class KnownHosts {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Compares the key of a server with what is remembered about its address.
   *
   * @param address - `host:port`, as the user names it.
   * @throws {@link RcmdError} `BAD_KNOWN_HOSTS` for a line about this address that cannot be read.
   */
  check(address: string, fingerprint: string): HostVerdict {
    let other: { readonly known: string; readonly line: number } | undefined;
    for (const entry of this.#entries(address)) {
      if (isSameFingerprint(entry.known, fingerprint)) return { state: 'known' };
      other ??= entry;
    }
    return other === undefined ? { state: 'new' } : { state: 'changed', ...other };
  }

  /** The addresses of all servers that are remembered. */
  addresses(): string[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    return [...new Set(lines.flatMap((line) => wordsOf(line)[0] || []))];
  }

  /** Remembers a server. */
  add(address: string, fingerprint: string): void {
    appendLine(this.#path, `${address} ${fingerprint}`);
  }

  /**
   * Forgets a server: its lines become comments, where they stand, so that nothing is lost of what others add meanwhile.
   *
   * @returns whether it was remembered.
   */
  remove(address: string): boolean {
    if (!existsSync(this.#path)) return false;
    requireOwnFile(this.#path);
    const file = openSync(this.#path, 'r+');
    try {
      const lines = readFileSync(file, 'latin1').split('\n'); // a character for each byte
      let at = 0;
      let isKnown = false;
      for (const line of lines) {
        if (wordsOf(line)[0] === address) {
          writeSync(file, '#', at);
          isKnown = true;
        }
        at += line.length + 1;
      }
      return isKnown;
    } finally {
      closeSync(file);
    }
  }

  *#entries(address: string): Generator<{ known: string; line: number }> {
    if (!existsSync(this.#path)) return;
    requireOwnFile(this.#path);
    for (const [index, line] of readFileSync(this.#path, 'utf8').split('\n').entries()) {
      const [host, known = ''] = wordsOf(line);
      if (host !== address) continue;
      if (!fingerprintPattern.test(known)) {
        const problem = 'a fingerprint must follow the address: SHA256: and 43 characters';
        throw new RcmdError('BAD_KNOWN_HOSTS', `${this.#path}, line ${index + 1}: ${problem}`);
      }
      yield { known, line: index + 1 };
    }
  }
}

function wordsOf(line: string): string[] {
  return line.startsWith('#') ? [] : line.trim().split(/\s+/);
}
