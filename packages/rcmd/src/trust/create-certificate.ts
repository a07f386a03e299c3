import { webcrypto } from 'node:crypto';

/** How long a certificate says that it holds: for good. Keys are trusted by their fingerprints, not by dates. [RFC 5280 4.1.2.5] */
const notAfter = new Date('9999-12-31T23:59:59Z');

/**
 * Makes an Ed25519 key, and a certificate that it has signed itself.
 *
 * @param name - for people who look at the certificate.
 * @returns both in PEM form: PKCS #8, then the certificate.
 */
export async function createCertificate(name: string): Promise<string> {
  await import('reflect-metadata'); // which the next one needs
  const { PemConverter, X509CertificateGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'Ed25519' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: [{ CN: [name] }], notBefore: new Date(0), notAfter, signingAlgorithm: algorithm, keys },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return `${PemConverter.encode(key, 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`;
}
