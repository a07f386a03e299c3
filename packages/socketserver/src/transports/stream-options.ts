import type { AccessOptions } from '../admission/access-lists.ts';
import type { ProxyProtocolOptions } from '../connection/proxy-options.ts';
import { aBoolean, anything, type OptionRules } from '../options/check-options.ts';
import { backlogRule, type ServerOptions, serverOptionRules } from '../server/server-options.ts';
import type { StreamLimitOptions } from '../server/stream-limits.ts';

/** What every stream server takes. */
export interface StreamServerOptions extends ServerOptions {
  /** Clients that may wait in the kernel's queue, as passed to `listen(2)`. Default 4,096; Linux caps it at `somaxconn`. */
  readonly requestQueueSize?: number | undefined;
  /** How much the server takes on. */
  readonly limits?: StreamLimitOptions | undefined;
  /** Whose connections are taken, by address. Default: everybody's. */
  readonly access?: AccessOptions | undefined;
  /**
   * Whether a drain, or the end of `timeouts.maxLifetimeMs`, wakes handlers that wait for their client's next message: reads
   * find the end of the stream there, as if the client had ended. A message of which something has come is read to its
   * end. Default `false`: only `request.signal` tells, as Python's blocking reads go on.
   */
  readonly endReadsOnDrain?: boolean | undefined;
  /** Proxies whose connections begin with a PROXY header. Default: none. */
  readonly proxyProtocol?: ProxyProtocolOptions | undefined;
}

/** What the options of stream servers may be. */
export const streamOptionRules: OptionRules<StreamServerOptions> = {
  ...serverOptionRules,
  requestQueueSize: backlogRule,
  limits: anything, // a group, checked by StreamLimits
  access: anything, // a group, checked by AccessLists
  endReadsOnDrain: aBoolean,
  proxyProtocol: anything, // a group, checked by resolveProxyOptions()
};
