import {
  formatAddress,
  inetAddress,
  isInetAddress,
  type SocketAddress,
} from '../../address/socket-address.ts';
import type { Connection } from '../../engine/contract/connection.ts';
import type { ConnectOptions, Engine } from '../../engine/contract/engine.ts';
import { errnoOf, osError } from '../../engine/os-error.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryDatagramPort } from './memory-datagram-port.ts';
import { MemoryListener } from './memory-listener.ts';
import { MemoryNetwork } from './memory-network.ts';

/** Options of {@link createMemoryEngine}. */
export interface MemoryEngineOptions {
  /**
   * The most bytes that one delivery brings, whatever was written at once: 1 shows whether a handler copes with any
   * fragmentation. A list gives the sizes of the deliveries of each direction, in turn and then from the start again.
   * Default 65,536.
   */
  readonly chunkBytes?: number | readonly number[] | undefined;
  /** A time of the test's own, which all deadlines then run by. Default: the system's. */
  readonly clock?: VirtualClock | undefined;
}

/** An engine whose connections live in memory. */
export interface MemoryEngine extends Engine {
  readonly name: 'memory';
  readonly clock: VirtualClock | undefined;
  connect(address: SocketAddress, options?: MemoryConnectOptions): Promise<Connection>;
  /** Makes two ends of one connection that no listener has seen. */
  pair(client: SocketAddress, server: SocketAddress): [client: Connection, server: Connection];
}

/** Options of a memory engine's `connect`. */
export interface MemoryConnectOptions extends ConnectOptions {
  /** Who the client is to be. Default: a free port of 127.0.0.1, or for a path the client without a name. */
  readonly localAddress?: SocketAddress | undefined;
}

/**
 * Makes an engine whose connections live in memory: no port, no descriptor, nothing outside the process. Give it to
 * a server as `options.engine` and to `connect()`; addresses mean something within one engine object only.
 *
 * @throws RangeError for a wrong `chunkBytes`.
 */
export function createMemoryEngine({ chunkBytes = 65_536, clock }: MemoryEngineOptions = {}): MemoryEngine {
  const network = new MemoryNetwork(checkSizes(chunkBytes), clock);
  clock?.watch(() => network.isBusy);
  return {
    name: 'memory',
    clock,

    bindStream(address) {
      const real = network.withPort(address);
      if (network.listeners.has(formatAddress(real))) throw osError(errnoOf('EADDRINUSE'), 'bind', real);
      return new MemoryListener(real, network);
    },

    bindDatagram(address, options) {
      const real = network.withPort(address);
      if (network.ports.has(formatAddress(real))) throw osError(errnoOf('EADDRINUSE'), 'bind', real);
      return new MemoryDatagramPort(real, options, network);
    },

    connect(address, { localAddress } = {}): Promise<Connection> {
      const nameless = isInetAddress(address) ? inetAddress('127.0.0.1', 0) : '';
      const local = network.withPort(localAddress ?? nameless);
      const [client, server] = MemoryConnection.pair(local, address, network);
      if (network.listeners.get(formatAddress(address))?.offer(server) === true)
        return Promise.resolve(client);
      return Promise.reject(osError(errnoOf('ECONNREFUSED'), 'connect', address));
    },

    pair: (client, server) => MemoryConnection.pair(client, server, network),

    adopt() {
      throw new UnsupportedError('Cannot adopt: connections in memory stay in their thread');
    },
  };
}

function checkSizes(chunkBytes: number | readonly number[]): readonly number[] {
  const sizes = typeof chunkBytes === 'number' ? [chunkBytes] : [...chunkBytes];
  if (sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new RangeError(
    `Cannot make a memory engine: chunkBytes must be integers above 0, got ${JSON.stringify(chunkBytes)}`,
  );
}
