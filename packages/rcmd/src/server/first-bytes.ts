/** What a client speaks, by the first bytes that it sends. */
export type Spoken = 'rcmd' | 'tls' | 'http' | 'ssh' | 'redis' | 'text' | 'unknown';

/** Bytes by which all of these are told apart. */
export const tellingBytes = 16;

const httpMethod = /^(GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|TRACE|CONNECT|PRI) /;
const httpBeginning =
  /^(G|GE|GET|P|PO|POS|POST|PU|PUT|H|HE|HEA|HEAD|O|OP|OPT|D|DE|DEL|PA|PAT|T|TR|TRA|C|CO|CON|PR|PRI)$/;

/**
 * Tells what a client speaks.
 *
 * @param bytes - at least one.
 * @returns `undefined` while that is not clear.
 */
export function tellFirstBytes(bytes: Buffer): Spoken | undefined {
  if (bytes[0] === 0) return 'rcmd';
  if (bytes[0] === 0x16) {
    if (bytes.length < 2) return undefined;
    return bytes[1] === 3 ? 'tls' : 'unknown';
  }
  const text = bytes.toString('latin1');
  if (httpMethod.test(text)) return 'http';
  if (bytes.length < tellingBytes && httpBeginning.test(text)) return undefined;
  if (text.startsWith('SSH-')) return 'ssh';
  if (/^\*\d+\r\n/.test(text) || /^(PING|AUTH|INFO|HELLO)\b/i.test(text)) return 'redis';
  if (bytes.length < 4 && /^(S|SS|SSH|\*\d{0,2}\r?)$/.test(text)) return undefined;
  return /^[\t\r\n\x20-\x7e]+$/.test(text) ? 'text' : 'unknown';
}

/**
 * Tells what a client speaks where nobody waits for more: what may be the beginning of HTTP, or of TLS, is.
 *
 * @param bytes - at least one.
 */
export function tellFirstPiece(bytes: Buffer): Spoken {
  const spoken = tellFirstBytes(bytes);
  if (spoken !== undefined) return spoken;
  if (bytes[0] === 0x16) return 'tls';
  return httpBeginning.test(bytes.toString('latin1')) ? 'http' : 'text';
}

/** Bytes that {@link lengthOfClientHello} looks at. */
export const clientHelloBytes = 9;

/**
 * The bytes of a client's first message, as it announces them; `Infinity` for what is no ClientHello. [RFC 8446 4, 5.1]
 *
 * ```text
 * | 0x16 | version (2) | length of the record (2) | 1: ClientHello | length (3) | ...
 * ```
 */
export function lengthOfClientHello(bytes: Buffer): number {
  return bytes.length === clientHelloBytes && bytes[5] === 1 ? bytes.readUIntBE(6, 3) : Infinity;
}

const httpBody = 'This is no HTTP server: it runs commands for clients that speak rcmd.\n';

/** A TLS record with a fatal alert, `unexpected_message`: TLS, and not here. [RFC 8446 5.1, 6.2] */
const tlsAlert = Buffer.from([0x15, 3, 3, 0, 2, 2, 10]);

const answers: Readonly<Record<Exclude<Spoken, 'rcmd'>, Uint8Array>> = {
  tls: tlsAlert,
  http: Buffer.from(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${httpBody.length}\r\n` +
      `Connection: close\r\n\r\n${httpBody}`,
  ),
  ssh: Buffer.from('Protocol mismatch.\r\n'), // as OpenSSH's own [RFC 4253 4.2]
  redis: Buffer.from('-ERR this is no Redis server\r\n'),
  text: Buffer.from('This server speaks rcmd only.\r\n'),
  unknown: Buffer.alloc(0),
};

/** What a client is told in its own protocol before it is sent away. */
export function answerTo(spoken: Exclude<Spoken, 'rcmd'>): Uint8Array {
  return answers[spoken];
}

/** What a log says about it. */
export function describeSpoken(spoken: Exclude<Spoken, 'rcmd'>): string {
  const names = { tls: 'TLS', http: 'HTTP', ssh: 'SSH', redis: 'the Redis protocol', text: 'text' };
  return spoken === 'unknown' ? 'it speaks something unknown' : `it speaks ${names[spoken]}`;
}
