/** Numbers that look random and are the same in each run. [Numerical Recipes, 7.1: a linear congruential generator] */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to `limit` - 1; `limit` is at most 2^16. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state >>> 16) % limit; // the lower bits of such a generator have short periods
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Bytes that mean something in one format or another: lengths, digits, delimiters, brackets, ends of ranges. */
const telling = [
  0x00, 0x01, 0x04, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x30, 0x31, 0x39, 0x3a, 0x7b, 0x7f, 0x80, 0xff,
];

/** A copy of `bytes` with one to five places changed, put in, taken out, cut off or repeated. */
export function mutate(bytes: Buffer, random: Random): Buffer<ArrayBuffer> {
  let mutated: Buffer<ArrayBuffer> = Buffer.from(bytes);
  for (let count = 1 + random.below(5); count > 0; count -= 1) mutated = mutateOnce(mutated, random);
  return mutated;
}

function mutateOnce(bytes: Buffer<ArrayBuffer>, random: Random): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  const byte = random.below(2) === 0 ? random.pick(telling) : random.below(256);
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at), bytes.subarray(at)]);
    default:
      if (at < bytes.length) bytes[at] = byte;
      return bytes;
  }
}
