import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { requireOwnFile } from '../paths/private-file.ts';
import { fingerprintPattern, isSameFingerprint } from './fingerprint.ts';
import { everything, type KeyOptions, parseKeyOptions } from './key-options.ts';

/** A key that may come in, and what it may do. */
export interface AuthorizedKey {
  readonly fingerprint: string;
  readonly comment: string;
  readonly options: KeyOptions;
}

/** A line that counts for nothing, and why. */
export interface BadLine {
  /** From 1 on. */
  readonly line: number;
  readonly problem: string;
}

/** What a file of keys says. */
export interface KeyList {
  readonly keys: readonly AuthorizedKey[];
  readonly badLines: readonly BadLine[];
}

/** Where the keys are that may come in. */
export function authorizedKeysFile(folder: string): string {
  return join(folder, 'authorized_keys');
}

/**
 * Parses `authorized_keys`: on each line options, if any, a fingerprint and a comment. `#` begins a line that is only for people. A line with
 * anything wrong in it lets nobody in.
 */
export function parseAuthorizedKeys(text: string): KeyList {
  const keys: AuthorizedKey[] = [];
  const badLines: BadLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') badLines.push({ line: index + 1, problem: parsed });
    else keys.push(parsed);
  }
  return { keys, badLines };
}

/** Writes one line. */
export function formatAuthorizedKey(fingerprint: string, comment: string, options = ''): string {
  return [options, fingerprint, comment].filter((part) => part !== '').join(' ');
}

function parseLine(line: string): AuthorizedKey | string {
  let options = everything;
  let rest = line;
  if (!line.startsWith('SHA256:')) {
    const parsed = parseKeyOptions(line);
    if ('problem' in parsed) return parsed.problem;
    ({ options, rest } = parsed);
  }
  const [fingerprint = '', ...comment] = rest.trim().split(/\s+/);
  if (!fingerprintPattern.test(fingerprint)) return 'a fingerprint must follow: SHA256: and 43 characters';
  return { fingerprint, comment: comment.join(' '), options };
}

/** The keys of a file, read again whenever it has changed. */
export class AuthorizedKeys {
  readonly #path: string;
  #version = '';
  #list: KeyList = { keys: [], badLines: [] };

  constructor(path: string) {
    this.#path = path;
  }

  /** What the file says now; nothing where there is none. @throws RcmdError `UNSAFE_PATH` where others may write it; the system's error where it cannot be read. */
  read(): KeyList {
    const version = versionOf(this.#path);
    if (version !== this.#version) {
      if (version !== '') requireOwnFile(this.#path);
      this.#list =
        version === '' ? { keys: [], badLines: [] } : parseAuthorizedKeys(readFileSync(this.#path, 'utf8'));
      this.#version = version;
    }
    return this.#list;
  }

  /** The key of this name, if it may come in. The first line that names it counts. */
  find(fingerprint: string): AuthorizedKey | undefined {
    return this.read().keys.find((key) => isSameFingerprint(key.fingerprint, fingerprint));
  }
}

/** Changes with the file, and with whose it is and who may write to it; `''` where there is none. */
function versionOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino}.${stat.size}.${stat.mtimeNs}.${stat.ctimeNs}`;
}
