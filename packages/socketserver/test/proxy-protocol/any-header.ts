import fc from 'fast-check';
import { ipFromBytes } from '../../src/address/ip-bytes.ts';
import { inetAddress, type SocketAddress } from '../../src/address/socket-address.ts';
import type { ProxyHeader, ProxySSL, ProxyTransport } from '../../src/index.ts';

const bytes = (options: fc.IntArrayConstraints) => fc.uint8Array(options).map((array) => Buffer.from(array));

const optional = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined });

const text = fc.string({ unit: 'grapheme', maxLength: 40 });

const inet = (length: number): fc.Arbitrary<SocketAddress> =>
  fc
    .tuple(fc.uint8Array({ minLength: length, maxLength: length }), fc.nat(65_535))
    .map(([host, port]) => inetAddress(ipFromBytes(host), port));

const unix: fc.Arbitrary<SocketAddress> = fc
  .tuple(fc.boolean(), text)
  .map(([isAbstract, path]) => (isAbstract && path !== '' ? `\0${path}` : path).replaceAll(/(?<!^)\0/g, ''))
  .map((path) => (path === '\0' ? '' : path));

const addresses: fc.Arbitrary<
  readonly [ProxyTransport, SocketAddress | undefined, SocketAddress | undefined]
> = fc.oneof(
  fc.tuple(fc.constantFrom('TCP4', 'UDP4'), inet(4), inet(4)),
  fc.tuple(fc.constantFrom('TCP6', 'UDP6'), inet(16), inet(16)),
  fc.tuple(fc.constantFrom('UNIX_STREAM', 'UNIX_DATAGRAM'), unix, unix),
  fc.constant(['UNKNOWN', undefined, undefined] as const),
);

/** Extensions of types that have no name. */
const tlvs = (...named: readonly number[]) =>
  fc.array(
    fc.record(
      { type: fc.nat(255).filter((type) => !named.includes(type)), value: bytes({ maxLength: 20 }) },
      { noNullPrototype: true },
    ),
    { maxLength: 3 },
  );

const ssl: fc.Arbitrary<ProxySSL> = fc
  .record(
    {
      usesTLS: fc.boolean(),
      certificateOnConnection: fc.boolean(),
      certificateInSession: fc.boolean(),
      verifyResult: fc.oneof(fc.constant(0), fc.nat(0xff_ff_ff_ff)),
      version: optional(text),
      commonName: optional(text),
      cipher: optional(text),
      signatureAlgorithm: optional(text),
      keyAlgorithm: optional(text),
      tlvs: tlvs(0x21, 0x22, 0x23, 0x24, 0x25),
    },
    { noNullPrototype: true },
  )
  .map((fields) => {
    const { verifyResult, certificateOnConnection, certificateInSession } = fields;
    const verified = verifyResult === 0 && (certificateOnConnection || certificateInSession);
    return Object.assign(fields, { verified });
  });

const extensions = fc.record(
  {
    alpn: optional(bytes({ maxLength: 20 }).map((value) => value.toString('latin1'))),
    authority: optional(text),
    uniqueId: optional(bytes({ maxLength: 128 })),
    ssl: optional(ssl),
    netns: optional(text),
    hasChecksum: fc.boolean(),
    tlvs: tlvs(0x01, 0x02, 0x03, 0x04, 0x05, 0x20, 0x30),
  },
  { noNullPrototype: true },
);

const none = {
  alpn: undefined,
  authority: undefined,
  uniqueId: undefined,
  ssl: undefined,
  netns: undefined,
  hasChecksum: false,
  tlvs: [],
};

const version1: fc.Arbitrary<ProxyHeader> = fc
  .oneof(
    fc.tuple(fc.constant('TCP4' as const), inet(4), inet(4)),
    fc.tuple(fc.constant('TCP6' as const), inet(16), inet(16)),
    fc.constant(['UNKNOWN', undefined, undefined] as const),
  )
  .map(([transport, source, destination]) => {
    const addresses = { transport, source, destination };
    return Object.assign(addresses, { version: 1, command: 'PROXY', ...none } as const);
  });

const version2: fc.Arbitrary<ProxyHeader> = fc
  .tuple(addresses, extensions)
  .map(([[transport, source, destination], rest]) => {
    const addresses = { transport, source, destination };
    return Object.assign(addresses, rest, { version: 2, command: 'PROXY' } as const);
  });

const local: fc.Arbitrary<ProxyHeader> = fc.constant({
  version: 2,
  command: 'LOCAL',
  transport: 'UNKNOWN',
  source: undefined,
  destination: undefined,
  ...none,
});

/** Every header that can be written, as it is read again. */
export const anyHeader: fc.Arbitrary<ProxyHeader> = fc.oneof(version1, version2, version2, local);
