import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as PEM text and as the files that hold it. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface IssueOptions {
  /** Subject alternative names, as `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const dayMs = 86_400_000;

/** A certificate authority of our own, made by the `openssl` program in a directory that lives as long as it. */
export class TestAuthority implements Disposable {
  readonly directory: string;
  readonly cert: string;
  readonly certFile: string;

  constructor(commonName = 'Test Authority') {
    this.directory = mkdtempSync(join(tmpdir(), 'socketserver-tls-'));
    this.certFile = this.path('ca.pem');
    this.#openssl(
      'req',
      '-x509',
      '-nodes',
      ...newKey,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      `/CN=${commonName}`,
    );
    this.cert = readFileSync(this.certFile, 'utf8');
    writeFileSync(this.path('index.txt'), '');
    writeFileSync(this.path('serial'), '1000');
    writeFileSync(this.path('ca.cnf'), configuration);
  }

  /** Issues a certificate for `name`, which also names its files. */
  issue(
    name: string,
    {
      names = `DNS:${name}`,
      validFrom = new Date(Date.now() - dayMs),
      validTo = new Date(Date.now() + dayMs),
    }: IssueOptions = {},
  ): Issued {
    this.#openssl(
      'req',
      '-new',
      '-nodes',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    writeFileSync(this.path('names.cnf'), `subjectAltName=${names}\n`);
    const period = ['-startdate', asn1Time(validFrom), '-enddate', asn1Time(validTo)];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', 'names.cnf'];
    this.#openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...period, ...files);
    const certFile = this.path(`${name}.pem`);
    const keyFile = this.path(`${name}.key`);
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile };
  }

  /** Encrypts a key. */
  encryptKey({ keyFile }: Issued, passphrase: string): string {
    return this.#openssl('pkcs8', '-topk8', '-in', keyFile, '-passout', `pass:${passphrase}`);
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }

  #openssl(...args: readonly string[]): string {
    return execFileSync('openssl', args, {
      cwd: this.directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

const configuration = `
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
`;

/** `YYYYMMDDHHMMSSZ`. [openssl-ca(1)] */
function asn1Time(date: Date): string {
  return `${date.toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '')}Z`;
}
