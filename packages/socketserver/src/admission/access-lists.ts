import type { BlockList } from 'node:net';
import { type AddressList, isListed, readAddressList } from '../address/address-list.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import { anything, checkOptions, type OptionRules } from '../options/check-options.ts';

/** Whose requests a server takes, by the client's address: after a PROXY header the one that it names. */
export interface AccessOptions {
  /** Nobody but these: `['10.0.0.0/8', '::1']`, or a `net.BlockList`. Default: everybody. */
  readonly allow?: AddressList | undefined;
  /** None of these, also where `allow` names them. Default: nobody. */
  readonly deny?: AddressList | undefined;
}

const rules: OptionRules<AccessOptions> = { allow: anything, deny: anything }; // readAddressList() says more

/** What a group of access lists is made with. */
export interface AccessParts {
  /** Begins the messages, as in `Cannot construct TCPServer`. */
  readonly action: string;
  /** Why there can be no lists, as the end of a message; `undefined` where there can. */
  readonly unfit?: string | undefined;
  /** Called after a list was set. */
  readonly changed?: () => void;
}

/**
 * The access lists of a server as they are now: `server.access`. Each may be set while the server runs, `undefined` for
 * none, and a `net.BlockList` may be added to; both hold for whoever comes from then on, and end nothing that is open.
 *
 * Who is refused is reset (a datagram is dropped) before a worker, a TLS handshake or `verifyRequest` is bothered with it.
 *
 * @throws TypeError for text that is no address and no block: the lists stay as they were.
 *
 * @example
 * server.access.deny = ['203.0.113.0/24'];
 */
export class AccessLists implements AccessOptions {
  readonly #unfit: string | undefined;
  readonly #changed: (() => void) | undefined;
  #allow: BlockList | undefined;
  #deny: BlockList | undefined;

  /** @throws TypeError for an unknown key, a wrong list, or lists where there can be none. */
  constructor(given: AccessOptions | undefined, { action, unfit, changed }: AccessParts) {
    const { allow, deny } = checkOptions(given, rules, { action, path: 'options.access' });
    this.#unfit = unfit;
    this.#changed = changed;
    this.#allow = this.#read(allow, `${action}: options.access.allow`);
    this.#deny = this.#read(deny, `${action}: options.access.deny`);
  }

  /** Nobody but these; `undefined` for everybody. */
  get allow(): BlockList | undefined {
    return this.#allow;
  }

  set allow(list: AddressList | undefined) {
    this.#allow = this.#read(list, 'Cannot change access: server.access.allow');
    this.#changed?.();
  }

  /** None of these; `undefined` for nobody. */
  get deny(): BlockList | undefined {
    return this.#deny;
  }

  set deny(list: AddressList | undefined) {
    this.#deny = this.#read(list, 'Cannot change access: server.access.deny');
    this.#changed?.();
  }

  /** Whether there is none. */
  get areEmpty(): boolean {
    return this.#deny === undefined && this.#allow === undefined;
  }

  /** Whether a client's requests are taken. One without an address, on a Unix socket, is in no list. */
  permits(address: SocketAddress): boolean {
    if (this.areEmpty) return true;
    if (typeof address === 'string') return this.#allow === undefined;
    const [host] = address;
    if (this.#deny !== undefined && isListed(this.#deny, host)) return false;
    return this.#allow === undefined || isListed(this.#allow, host);
  }

  #read(list: AddressList | undefined, what: string): BlockList | undefined {
    if (list === undefined) return undefined;
    if (this.#unfit !== undefined) throw new TypeError(`${what} must be undefined ${this.#unfit}`);
    return readAddressList(list, what);
  }
}
