import { anInteger, anything, checkOptions, oneOf, type OptionRules } from '../options/check-options.ts';
import { type ServerOptions, serverOptionRules } from '../server/server-options.ts';

/** What a datagram server does with more datagrams than it can handle. */
export interface DatagramLimitOptions {
  /**
   * Datagrams that may wait for a handler; in the concurrent model also the handlers that may run at once, while
   * further datagrams wait. `Infinity` for no limit. Default 1,024.
   */
  readonly maxPending?: number | undefined;
  /** Which datagram goes when another one comes and `maxPending` wait. Default `'drop-newest'`, as the kernel does. */
  readonly whenFull?: 'drop-oldest' | 'drop-newest' | undefined;
}

/** What every datagram server takes. */
export interface DatagramServerOptions extends ServerOptions {
  /** Bytes of a datagram that are kept; a longer one is cut and marked. Default 8,192, as in Python. */
  readonly maxPacketSize?: number | undefined;
  /** What happens when datagrams come faster than they are handled. */
  readonly limits?: DatagramLimitOptions | undefined;
  /** Bytes that the kernel may hold of received datagrams (`SO_RCVBUF`). Default: the system's. */
  readonly receiveBufferBytes?: number | undefined;
  /** Bytes that the kernel may hold of datagrams to send (`SO_SNDBUF`). Default: the system's. */
  readonly sendBufferBytes?: number | undefined;
}

/** Bytes that a datagram may have: 65,535 by IP, more between Unix sockets. */
const packetSize = anInteger(1, 1_048_576);
const bufferSize = anInteger(1, 2 ** 31 - 1);

/** What the options of datagram servers may be. */
export const datagramOptionRules: OptionRules<DatagramServerOptions> = {
  ...serverOptionRules,
  maxPacketSize: packetSize,
  limits: anything, // a group, checked by resolveDatagramLimits()
  receiveBufferBytes: bufferSize,
  sendBufferBytes: bufferSize,
};

/** The limits with every default filled in. */
export interface ResolvedDatagramLimits {
  readonly maxPending: number;
  readonly whenFull: 'drop-oldest' | 'drop-newest';
}

const limitDefaults: ResolvedDatagramLimits = { maxPending: 1_024, whenFull: 'drop-newest' };

const limitRules: OptionRules<DatagramLimitOptions> = {
  maxPending: anInteger(1, Infinity),
  whenFull: oneOf('drop-oldest', 'drop-newest'),
};

/** @throws TypeError for an unknown key or a value that breaks its rule. */
export function resolveDatagramLimits(
  given: DatagramLimitOptions | undefined,
  action: string,
): ResolvedDatagramLimits {
  const checked = checkOptions(given, limitRules, { action, path: 'options.limits' });
  return Object.freeze({
    maxPending: checked.maxPending ?? limitDefaults.maxPending,
    whenFull: checked.whenFull ?? limitDefaults.whenFull,
  });
}
