import {
  type InheritedKind,
  InheritedSocket,
  type InheritedSocketInput,
  isInheritedInput,
} from '../address/inherited-socket.ts';
import {
  type InetAddressInput,
  parseInetAddress,
  parseUnixAddress,
  type UnixAddressInput,
} from '../address/parse-address.ts';
import type { InetAddress, UnixAddress } from '../address/socket-address.ts';
import type { InetFamily } from './inet-options.ts';

/** Where a TCP, TLS or UDP server is: an address, or a socket that it has inherited. */
export type InetServerAddress = InetAddressInput | InheritedSocketInput;

/** Where a Unix server is: a path or a name, or a socket that it has inherited. */
export type UnixServerAddress = UnixAddressInput | InheritedSocketInput;

/** What the reading of an address needs to know. */
interface AddressContext<Kind extends InheritedKind> {
  readonly kind: Kind;
  /** The options of the server, checked: some say how to bind. */
  readonly options: object;
  /** Begins the messages, as in `Cannot construct TCPServer`. */
  readonly action: string;
}

/** What whoever bound an inherited socket has decided. */
const bindingOptions = ['addressFamily', 'allowReuseAddress', 'allowReusePort', 'ipv6Only', 'mode'] as const;

/** @throws TypeError and RangeError for what is no address, and for options that an inherited socket cannot have. */
export function readInetServerAddress(
  input: InetServerAddress,
  {
    kind,
    options,
    action,
    family,
  }: AddressContext<'TCP' | 'UDP'> & { readonly family: InetFamily | undefined },
): InetAddress | InheritedSocket<InetAddress> {
  if (!isInheritedInput(input)) return parseInetAddress(input, family);
  refuseBindingOptions(options, action);
  return new InheritedSocket(input, kind);
}

/** @throws as {@link readInetServerAddress}. */
export function readUnixServerAddress(
  input: UnixServerAddress,
  { kind, options, action }: AddressContext<'Unix stream' | 'Unix datagram'>,
): UnixAddress | InheritedSocket<UnixAddress> {
  if (!isInheritedInput(input)) return parseUnixAddress(input);
  refuseBindingOptions(options, action);
  return new InheritedSocket(input, kind);
}

function refuseBindingOptions(options: object, action: string): void {
  const given = bindingOptions.find((key) => Object.hasOwn(options, key));
  if (given === undefined) return;
  throw new TypeError(
    `${action}: options.${given} must be left out for an inherited socket, which somebody else has bound, got ${String((options as Record<string, unknown>)[given])}`,
  );
}
