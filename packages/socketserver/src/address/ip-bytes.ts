import { isIPv4, isIPv6 } from 'node:net';

/**
 * Writes a numeric IP address as its 4 or 16 bytes, in network order.
 *
 * @returns `undefined` for text that is no address, also for one with a zone (`fe80::1%eth0`), which bytes cannot hold.
 */
export function ipToBytes(text: string): Buffer | undefined {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(group, index * 2);
  }
  return bytes;
}

/**
 * Reads an IP address from its 4 or 16 bytes, in the one form that the operating system also reports: `127.0.0.1`,
 * `2001:db8::1`, `::ffff:127.0.0.1`.
 *
 * @see RFC 5952, and inet_ntop(3) for when the last 32 bits are written as IPv4
 */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes[index * 2]! * 256 + bytes[index * 2 + 1]!);
  const zeros = longestZeros(groups);
  const holdsIPv4 = zeros.start === 0 && (zeros.length === 6 || (zeros.length === 5 && groups[5] === 0xffff));
  const words = groups.map((group) => group.toString(16));
  if (holdsIPv4) words.splice(6, 2, bytes.subarray(12).join('.'));
  if (zeros.length < 2) return words.join(':');
  const before = words.slice(0, zeros.start).join(':');
  return `${before}::${words.slice(zeros.start + zeros.length).join(':')}`;
}

/** The groups of 16 bits of one half of an IPv6 address; an IPv4 address at its end is two of them. */
function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((word) => {
    if (!word.includes('.')) return [Number.parseInt(word, 16)];
    const [a, b, c, d] = word.split('.').map(Number);
    return [a! * 256 + b!, c! * 256 + d!];
  });
}

/** The first of the longest runs of zeros. [RFC 5952 4.2] */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }
  return best;
}
