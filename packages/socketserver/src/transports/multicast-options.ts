import { isIP } from 'node:net';
import type { InetAddress } from '../address/socket-address.ts';
import {
  aBoolean,
  anInteger,
  aString,
  checkOptions,
  type OptionRule,
  type OptionRules,
} from '../options/check-options.ts';
import type { DatagramSocket } from '../request/datagram-socket.ts';

/** Multicast of a UDP server. What is not given is left to the system. */
export interface MulticastOptions {
  /** Groups to join when the server binds, such as `['239.1.2.3']` or `['ff02::fb']`. */
  readonly groups?: readonly string[] | undefined;
  /** Where to join and to send: an IPv4 address of this machine, or `'::%eth0'` for IPv6. */
  readonly interface?: string | undefined;
  /** Routers that datagrams to groups may pass, 0 to 255. The system's default is 1: this network only. */
  readonly ttl?: number | undefined;
  /** Whether datagrams to groups reach receivers on this machine too. The system's default is `true`. */
  readonly loopback?: boolean | undefined;
}

const groupAddresses: OptionRule = {
  must: 'an array of IP addresses',
  accepts: (value) =>
    Array.isArray(value) && value.every((group) => typeof group === 'string' && isIP(group) > 0),
};

const multicastRules: OptionRules<MulticastOptions> = {
  groups: groupAddresses,
  interface: aString,
  ttl: anInteger(0, 255),
  loopback: aBoolean,
};

/** @throws TypeError for an unknown key or a value that breaks its rule. */
export function resolveMulticast(given: MulticastOptions | undefined, action: string): MulticastOptions {
  const checked = checkOptions(given, multicastRules, { action, path: 'options.multicast' });
  return Object.freeze({ ...checked, groups: Object.freeze([...(checked.groups ?? [])]) });
}

/** Sets a bound socket up. @throws the operating system's error, as for a group of the other family. */
export function configureMulticast(socket: DatagramSocket<InetAddress>, options: MulticastOptions): void {
  if (options.interface !== undefined) socket.setMulticastInterface(options.interface);
  if (options.ttl !== undefined) socket.setMulticastTTL(options.ttl);
  if (options.loopback !== undefined) socket.setMulticastLoopback(options.loopback);
  for (const group of options.groups ?? []) socket.addMembership(group, options.interface);
}
