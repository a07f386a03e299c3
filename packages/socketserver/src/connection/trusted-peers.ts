import { BlockList, isIP, isIPv6 } from 'node:net';
import type { SocketAddress } from '../address/socket-address.ts';

/** Who may tell of other people's addresses: a list of addresses and CIDR blocks, a `net.BlockList`, or everybody. */
export type TrustedPeersInput = BlockList | readonly string[] | 'all';

/** The peers whose PROXY headers are believed. */
export class TrustedPeers {
  readonly #list: BlockList | 'all';

  /**
   * @param input - a `BlockList` is kept: what is added to it later counts from then on.
   * @param action - begins the messages, as in `Cannot construct TCPServer`.
   * @throws TypeError for anything else, and for text that is no address and no block.
   */
  constructor(input: TrustedPeersInput, action: string) {
    this.#list = input === 'all' || input instanceof BlockList ? input : listOf(input, action);
  }

  /** Whether there are addresses to look at, which peers on Unix sockets have none of. */
  get namesAddresses(): boolean {
    return this.#list !== 'all';
  }

  includes(address: SocketAddress): boolean {
    if (this.#list === 'all') return true;
    if (typeof address === 'string') return false;
    return this.#list.check(address[0], isIPv6(address[0]) ? 'ipv6' : 'ipv4');
  }
}

function listOf(input: unknown, action: string): BlockList {
  const rule = "a list of addresses and CIDR blocks, a net.BlockList or 'all'";
  if (!Array.isArray(input) || input.length === 0) {
    throw new TypeError(`${action}: options.proxyProtocol.from must be ${rule}, got ${show(input)}`);
  }
  const list = new BlockList();
  for (const [index, text] of (input as readonly unknown[]).entries()) {
    const { host, prefix } = blockOf(text);
    const bits = { 0: undefined, 4: 32, 6: 128 }[isIP(host) as 0 | 4 | 6];
    if (bits === undefined || prefix === undefined || prefix > bits) {
      throw new TypeError(
        `${action}: options.proxyProtocol.from[${index}] must be an address or a CIDR block such as` +
          ` '10.0.0.0/8', got ${show(text)}`,
      );
    }
    list.addSubnet(host, Math.min(prefix, bits), bits === 32 ? 'ipv4' : 'ipv6');
  }
  return list;
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
