import { BlockList } from 'node:net';
import { type AddressList, isListed, readAddressList } from '../address/address-list.ts';
import type { SocketAddress } from '../address/socket-address.ts';

/** Who may tell of other people's addresses: a list of addresses and CIDR blocks, a `net.BlockList`, or everybody. */
export type TrustedPeersInput = AddressList | 'all';

/** The peers whose PROXY headers are believed. */
export class TrustedPeers {
  readonly #list: BlockList | 'all';

  /**
   * @param input - a `BlockList` is kept: what is added to it later counts from then on.
   * @param action - begins the messages, as in `Cannot construct TCPServer`.
   * @throws TypeError for anything else, and for text that is no address and no block.
   */
  constructor(input: TrustedPeersInput, action: string) {
    this.#list = input === 'all' ? input : listOf(input, action);
  }

  /** Whether there are addresses to look at, which peers on Unix sockets have none of. */
  get namesAddresses(): boolean {
    return this.#list !== 'all';
  }

  includes(address: SocketAddress): boolean {
    if (this.#list === 'all') return true;
    return typeof address !== 'string' && isListed(this.#list, address[0]);
  }
}

function listOf(input: AddressList, action: string): BlockList {
  const what = `${action}: options.proxyProtocol.from`;
  if (input instanceof BlockList || (Array.isArray(input) && input.length > 0)) {
    return readAddressList(input, what);
  }
  const got = JSON.stringify(input) ?? String(input);
  throw new TypeError(
    `${what} must be a list of addresses and CIDR blocks, a net.BlockList or 'all', got ${got}`,
  );
}
