/** The generator polynomial of Castagnoli, with its bits reversed. [RFC 4960 appendix B] */
const polynomial = 0x82_f6_3b_78;

let table: Uint32Array | undefined;

/** The CRC32c of some bytes, as an unsigned number. `node:zlib` has CRC32 only, which is another one. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = 0xff_ff_ff_ff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
    return crc;
  });
}
