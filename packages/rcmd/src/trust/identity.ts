import { createPrivateKey, X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RcmdError } from '../errors.ts';
import { currentUser } from '../paths/current-user.ts';
import { createPrivateFile, readPrivateFile } from '../paths/private-file.ts';
import { createCertificate } from './create-certificate.ts';
import { fingerprintOf } from './fingerprint.ts';

/** Who this user is on this machine, to the other side: a key, in a certificate that it signed itself. */
export interface Identity {
  readonly fingerprint: string;
  /** PEM. */
  readonly cert: string;
  /** PEM. A secret. */
  readonly key: string;
  /** A name for people: `user@host`. */
  readonly comment: string;
}

/** Where an identity is stored in a folder of configuration. */
export function identityFile(folder: string): string {
  return join(folder, 'identity.pem');
}

/**
 * Reads the identity of a folder, and makes one where there is none: client and server of one user share it.
 *
 * @throws {@link RcmdError} `BAD_IDENTITY` for a file that holds none, `UNSAFE_PATH` where others may read it.
 */
export async function loadIdentity(folder: string): Promise<Identity> {
  const path = identityFile(folder);
  const pem = readPrivateFile(path) ?? createPrivateFile(path, await createCertificate(nameOfUser()));
  return parseIdentity(pem, path);
}

/** @param path - for the error. */
export function parseIdentity(pem: string, path: string): Identity {
  const cert = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(pem)?.[0];
  const key = /-----BEGIN PRIVATE KEY-----[^]*?-----END PRIVATE KEY-----/.exec(pem)?.[0];
  try {
    if (cert === undefined || key === undefined) throw new Error('it must hold a key and a certificate');
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key is not the certificate’s');
    const comment = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
    return { fingerprint: fingerprintOf(certificate), cert, key, comment };
  } catch (error) {
    // The text of OpenSSL's errors holds nothing of the key.
    const why = error instanceof Error ? error.message : String(error);
    throw new RcmdError('BAD_IDENTITY', `${path} holds no identity: ${why}. Move it away for a new one`);
  }
}

function nameOfUser(): string {
  return `${currentUser().username}@${hostname()}`;
}
