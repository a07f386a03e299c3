import {
  type InetAddressInput,
  isUnixInput,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../address/parse-address.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import { anything, checkOptions, type OptionRules } from '../options/check-options.ts';

/** Where a server says how it is, over HTTP: for load balancers, orchestrators and people. */
export interface HealthOptions {
  /**
   * Where to listen: `['127.0.0.1', 9000]`, `{ host, port }`, text, or the path of a Unix socket; port 0 takes a free
   * one, which `server.health.address` names. Whoever reaches it can read the server's counts, and nothing else.
   */
  readonly address: InetAddressInput | UnixAddressInput;
}

/** The options, checked. */
export interface ResolvedHealthOptions {
  readonly address: SocketAddress;
}

const healthRules: OptionRules<HealthOptions> = {
  address: anything, // checked by the parsers of addresses
};

/**
 * Checks the group.
 *
 * @returns `undefined` where there is to be no health listener.
 * @throws TypeError or RangeError for an unknown key, or an address that is none.
 */
export function resolveHealth(
  given: HealthOptions | undefined,
  action: string,
): ResolvedHealthOptions | undefined {
  if (given === undefined) return undefined;
  const { address } = checkOptions(given, healthRules, { action, path: 'options.health' });
  if (address === undefined) {
    throw new TypeError(`${action}: options.health.address must be an address, got undefined`);
  }
  return Object.freeze({
    address: isUnixInput(address) ? parseUnixAddress(address) : parseInetAddress(address, undefined),
  });
}
