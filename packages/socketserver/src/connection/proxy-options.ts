import { anInteger, anything, checkOptions, oneOf, type OptionRules } from '../options/check-options.ts';
import { defaultMaxHeaderBytes } from '../proxy-protocol/parse-proxy-header.ts';
import { TrustedPeers, type TrustedPeersInput } from './trusted-peers.ts';

/** Which connections begin with a PROXY header, and what becomes of the others. */
export interface ProxyProtocolOptions {
  /**
   * The proxies, by address: `['10.0.0.0/8', '::1']`, or a `net.BlockList`, which may change while the server runs. Each
   * connection of theirs must begin with a header, which is believed. `'all'` believes everybody who can connect, which
   * is right where nobody but proxies can; and for Unix sockets, whose peers have no addresses.
   */
  readonly from: TrustedPeersInput;
  /**
   * Everybody else: `'refuse'` resets them; `'serve'` takes them for clients that come directly, and what they send is
   * theirs, also if it looks like a header. Default `'refuse'`.
   */
  readonly others?: 'refuse' | 'serve' | undefined;
  /** Bytes that a header may have; one of version 1 never has more than 107. Default 4,096. */
  readonly maxHeaderBytes?: number | undefined;
  /**
   * Connections whose header may be awaited, or is there while they wait for what comes next; further ones wait in the
   * kernel. Default 1,024.
   */
  readonly maxHeaders?: number | undefined;
}

const rules: OptionRules<ProxyProtocolOptions> = {
  from: anything, // TrustedPeers says what it must be
  others: oneOf('refuse', 'serve'),
  maxHeaderBytes: anInteger(107, 65_551),
  maxHeaders: anInteger(1, Infinity),
};

/** The options with every default filled in. */
export interface ResolvedProxyOptions {
  readonly peers: TrustedPeers;
  readonly others: 'refuse' | 'serve';
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** @throws TypeError for an unknown key or a value that breaks its rule. */
export function resolveProxyOptions(
  given: ProxyProtocolOptions | undefined,
  { action, isUnix }: { readonly action: string; readonly isUnix: boolean },
): ResolvedProxyOptions | undefined {
  if (given === undefined) return undefined;
  const checked = checkOptions(given, rules, { action, path: 'options.proxyProtocol' });
  const peers = new TrustedPeers(checked.from, action);
  if (isUnix && peers.namesAddresses) {
    throw new TypeError(
      `${action}: options.proxyProtocol.from must be 'all' on a Unix socket, whose peers have no addresses;` +
        ' the permissions of its file say who may connect',
    );
  }
  return Object.freeze({
    peers,
    others: checked.others ?? 'refuse',
    maxHeaderBytes: checked.maxHeaderBytes ?? defaultMaxHeaderBytes,
    maxHeaders: checked.maxHeaders ?? 1_024,
  });
}
