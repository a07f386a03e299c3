import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses and CIDR blocks as text, `['10.0.0.0/8', '::1']`; or a `net.BlockList`, which may change later. */
export type AddressList = BlockList | readonly string[];

/**
 * Reads a list of addresses. A `BlockList` is kept: what is added to it later counts from then on.
 *
 * @param what - begins the messages, as in `Cannot construct TCPServer: options.access.deny`.
 * @throws TypeError for anything else, and for text that is no address and no block.
 */
export function readAddressList(input: unknown, what: string): BlockList {
  if (input instanceof BlockList) return input;
  if (!Array.isArray(input)) {
    throw new TypeError(
      `${what} must be a list of addresses and CIDR blocks, or a net.BlockList, got ${show(input)}`,
    );
  }
  const list = new BlockList();
  for (const [index, text] of (input as readonly unknown[]).entries()) {
    const { host, prefix } = blockOf(text);
    const bits = { 0: undefined, 4: 32, 6: 128 }[isIP(host) as 0 | 4 | 6];
    if (bits === undefined || prefix === undefined || prefix > bits) {
      throw new TypeError(
        `${what}[${index}] must be an address or a CIDR block such as '10.0.0.0/8', got ${show(text)}`,
      );
    }
    list.addSubnet(host, prefix, bits === 32 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Whether a list names a numeric address; the zone of a link-local one does not matter. */
export function isListed(list: BlockList, host: string): boolean {
  if (!host.includes(':')) return list.check(host, 'ipv4');
  return list.check(host.replace(/%.*$/, ''), 'ipv6');
}

/** An address alone is a block of one. */
function blockOf(text: unknown): { readonly host: string; readonly prefix: number | undefined } {
  const [, host = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(String(text)) ?? [];
  if (digits !== undefined) return { host, prefix: Number(digits) };
  return { host, prefix: isIPv6(host) ? 128 : 32 };
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
