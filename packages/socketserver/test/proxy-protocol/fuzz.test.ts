/**
 * Headers with a few bytes changed, cut or put in. `SOCKETSERVER_FUZZ=1000000 SOCKETSERVER_FUZZ_SEED=7` looks at more of them, and
 * at others.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseProxyHeader, ProxyHeaderError, writeProxyHeader } from '../../src/index.ts';
import { anyHeader } from './any-header.ts';

const inputs = Number(process.env['SOCKETSERVER_FUZZ'] ?? 20_000);
const seed = Number(process.env['SOCKETSERVER_FUZZ_SEED'] ?? 1);

/** Bytes that mean something at some place of a header. */
const telling = [0x00, 0x01, 0x03, 0x0a, 0x0d, 0x11, 0x20, 0x21, 0x31, 0x50, 0x7f, 0xff];

type Mutation = readonly [kind: 'change' | 'insert' | 'remove' | 'cut' | 'repeat', at: number, byte: number];

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.tuple(
    fc.constantFrom('change', 'change', 'change', 'insert', 'remove', 'cut', 'repeat'),
    fc.oneof(fc.nat(20), fc.nat(4_096)),
    fc.oneof(fc.constantFrom(...telling), fc.nat(255)),
  ),
  { minLength: 1, maxLength: 5 },
);

function mutate(bytes: Buffer, [kind, offset, byte]: Mutation): Buffer {
  const at = bytes.length === 0 ? 0 : offset % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === 'change') return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)]);
  if (kind === 'insert') return Buffer.concat([before, Buffer.from([byte]), after]);
  if (kind === 'remove') return Buffer.concat([before, after.subarray(1)]);
  if (kind === 'repeat') return Buffer.concat([before, after, after]);
  return before;
}

/** What the parser makes of all bytes at once. */
function outcome(bytes: Buffer): {
  readonly length?: number;
  readonly missing?: number;
  readonly fault?: string;
} {
  try {
    const parsed = parseProxyHeader(bytes);
    return parsed.header === undefined ? { missing: parsed.missing } : { length: parsed.length };
  } catch (error) {
    if (!(error instanceof ProxyHeaderError)) throw error;
    assert.ok(
      Number.isInteger(error.offset) && error.offset >= 0 && error.offset <= Math.max(bytes.length, 107),
    );
    return { fault: error.fault };
  }
}

describe('the PROXY parser', () => {
  it(`makes a header, a wish for more, or a typed error of ${inputs} mutated headers`, () => {
    const seen = new Map<string, number>();
    const before = process.memoryUsage().heapUsed;
    fc.assert(
      fc.property(anyHeader, mutations, fc.nat(), (fields, list, cut) => {
        let bytes = writeProxyHeader(fields);
        for (const mutation of list) bytes = mutate(bytes, mutation);
        const whole = outcome(bytes);
        const part = outcome(bytes.subarray(0, cut % (bytes.length + 1)));
        const kind = whole.fault ?? (whole.length === undefined ? 'missing' : 'header');
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        assert.ok(whole.length === undefined || whole.length <= bytes.length);
        assert.ok(whole.missing === undefined || whole.missing > 0);
        // What a part of the bytes decides the whole decides too, and a header is the same one.
        if (part.length !== undefined) assert.deepEqual(part, whole);
        if (part.fault !== undefined) assert.ok(whole.fault !== undefined);
        // No header can be shorter than what its beginning asked for.
        if (part.missing !== undefined && whole.length !== undefined) {
          assert.ok((cut % (bytes.length + 1)) + part.missing <= whole.length);
        }
      }),
      { numRuns: inputs, seed, endOnFailure: true },
    );
    // Every way in which a parse can end has come up, so the inputs are near enough to headers, and far enough.
    const faults = [
      'signature',
      'version',
      'command',
      'family',
      'syntax',
      'address',
      'tlv',
      'checksum',
      'too-long',
    ];
    for (const kind of ['header', 'missing', ...faults])
      assert.ok(seen.get(kind) !== undefined, `none ended as ${kind}`);
    assert.ok(process.memoryUsage().heapUsed - before < 64 * 1_048_576);
  });
});
