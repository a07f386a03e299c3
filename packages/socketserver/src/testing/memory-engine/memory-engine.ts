import { formatAddress, inetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { type Connection, type ConnectOptions, type Engine, isInetAddress } from '../../engine/contract.ts';
import { UnsupportedError } from '../../errors.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryListener } from './memory-listener.ts';
import { MemoryNetwork } from './memory-network.ts';

/** Options of {@link createMemoryEngine}. */
export interface MemoryEngineOptions {
  /**
   * The most bytes that one delivery brings, whatever was written at once: 1 shows whether a handler copes with any
   * fragmentation. A list gives the sizes of the deliveries of each direction, in turn and then from the start again.
   * Default 65,536.
   */
  readonly chunkBytes?: number | readonly number[];
  /** A time of the test's own, which all deadlines then run by. Default: the system's. */
  readonly clock?: VirtualClock;
}

/** An engine whose connections live in memory. */
export interface MemoryEngine extends Engine {
  readonly name: 'memory';
  readonly clock: VirtualClock | undefined;
  connect(address: SocketAddress, options?: MemoryConnectOptions): Promise<Connection>;
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
  const network = new MemoryNetwork({ chunkBytes: checkSizes(chunkBytes), clock });
  const listeners = new Map<string, MemoryListener>();
  let lastPort = 49_151;
  clock?.watch(() => network.isBusy);

  function nextPort(): number {
    lastPort += 1;
    return lastPort;
  }

  return {
    name: 'memory',
    clock,

    bindStream(address) {
      const real = isInetAddress(address) ? inetAddress(address[0], address[1] || nextPort()) : address;
      const key = formatAddress(real);
      if (listeners.has(key)) throw systemError('EADDRINUSE', -98, 'bind', real);
      const listener = new MemoryListener(real, () => listeners.delete(key));
      listeners.set(key, listener);
      return listener;
    },

    bindDatagram() {
      throw new UnsupportedError('Cannot bind: the memory engine has no datagrams');
    },

    connect(address, { localAddress } = {}): Promise<Connection> {
      const local = localAddress ?? (isInetAddress(address) ? inetAddress('127.0.0.1', nextPort()) : '');
      const [client, server] = MemoryConnection.pair(local, address, network);
      if (listeners.get(formatAddress(address))?.offer(server) === true) return Promise.resolve(client);
      return Promise.reject(systemError('ECONNREFUSED', -111, 'connect', address));
    },

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

function systemError(code: string, errno: number, syscall: string, address: SocketAddress): Error {
  return Object.assign(new Error(`${syscall} ${code} ${formatAddress(address)}`), { code, errno, syscall });
}
