/**
 * As much of a DNS message as a responder needs [RFC 1035 4.1]:
 *
 *     header    id:2  QR,opcode:4,AA,TC,RD | RA,Z:3,code:4  questions:2  answers:2  authorities:2  additional:2
 *     question  (length:1 label)... 0:1  type:2  class:2
 *     answer    pointer to the name:2  type:2  class:2  ttl:4  length:2  value
 */
const headerBytes = 12;

/** What is asked, and the bytes that say so. */
export interface Query {
  readonly bytes: Buffer;
  /** Where the question ends; the end of the header when there is none that we understand. */
  readonly end: number;
  readonly opcode: number;
  /** `undefined` unless there is exactly one well-formed question. */
  readonly question: { readonly name: string; readonly type: number } | undefined;
}

export interface ResourceRecord {
  readonly type: number;
  readonly value: Buffer;
}

export const responseCodes = { ok: 0, formatError: 1, noSuchName: 3, notImplemented: 4 } as const;

export const a = (ip: string): ResourceRecord => ({ type: 1, value: Buffer.from(ip.split('.').map(Number)) });

export const txt = (text: string): ResourceRecord => ({
  type: 16,
  value: Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]),
});

/** Reads a query; `undefined` for what is none, so that two responders never answer each other. */
export function readQuery(bytes: Buffer): Query | undefined {
  if (bytes.length < headerBytes || (bytes[2]! & 0x80) !== 0) return undefined;
  const opcode = (bytes[2]! >> 3) & 0x0f;
  const unclear = { bytes, end: headerBytes, opcode, question: undefined };
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = bytes[at]; length !== 0; length = bytes[at]) {
    if (length === undefined || length > 63) return unclear;
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  if (at + 5 > bytes.length || bytes.readUInt16BE(4) !== 1) return unclear;
  return {
    bytes,
    end: at + 5,
    opcode,
    question: { name: labels.join('.'), type: bytes.readUInt16BE(at + 1) },
  };
}

/** Writes the reply, authoritative, with the question as it was asked; over `maxBytes` it says so and has no answers. */
export function writeReply(
  { bytes, end, question }: Query,
  code: keyof typeof responseCodes,
  {
    answers,
    ttlSeconds,
    maxBytes,
  }: { answers: readonly ResourceRecord[]; ttlSeconds: number; maxBytes: number },
): Buffer {
  const head = Buffer.from(bytes.subarray(0, end));
  head[2] = 0x84 | (bytes[2]! & 0x79); // QR, AA; opcode and RD as asked
  head[3] = responseCodes[code];
  head.set([0, question === undefined ? 0 : 1, 0, answers.length, 0, 0, 0, 0], 4);
  const records = answers.map(({ type, value }) => {
    const fixed = Buffer.from([0xc0, headerBytes, 0, type, 0, 1, 0, 0, 0, 0, 0, value.length]);
    fixed.writeUInt32BE(ttlSeconds, 6);
    return Buffer.concat([fixed, value]);
  });
  const reply = Buffer.concat([head, ...records]);
  if (reply.length <= maxBytes) return reply;
  head[2] |= 0x02; // TC: ask again over TCP
  head[7] = 0;
  return head;
}
