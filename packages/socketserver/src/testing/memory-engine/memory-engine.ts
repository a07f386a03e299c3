import { formatAddress, inetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { type Connection, type Engine, isInetAddress } from '../../engine/contract.ts';
import { UnsupportedError } from '../../errors.ts';
import { MemoryConnection } from './memory-connection.ts';
import { MemoryListener } from './memory-listener.ts';

/** Options of {@link createMemoryEngine}. */
export interface MemoryEngineOptions {
  /** The most bytes that one delivery brings: 1 shows whether a handler copes with any fragmentation. Default 65,536. */
  readonly chunkBytes?: number;
}

/**
 * Makes an engine whose connections live in memory: no port, no descriptor, nothing outside the process. Give it to
 * a server as `options.engine` and to `connect()`; addresses mean something within one engine object only.
 */
export function createMemoryEngine({ chunkBytes = 65_536 }: MemoryEngineOptions = {}): Engine {
  const listeners = new Map<string, MemoryListener>();
  let lastPort = 49_151;

  function nextPort(): number {
    lastPort += 1;
    return lastPort;
  }

  return {
    name: 'memory',

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

    connect(address): Promise<Connection> {
      const local = isInetAddress(address) ? inetAddress('127.0.0.1', nextPort()) : '';
      const [client, server] = MemoryConnection.pair(local, address, chunkBytes);
      if (listeners.get(formatAddress(address))?.offer(server) === true) return Promise.resolve(client);
      return Promise.reject(systemError('ECONNREFUSED', -111, 'connect', address));
    },

    adopt() {
      throw new UnsupportedError('Cannot adopt: connections in memory stay in their thread');
    },
  };
}

function systemError(code: string, errno: number, syscall: string, address: SocketAddress): Error {
  return Object.assign(new Error(`${syscall} ${code} ${formatAddress(address)}`), { code, errno, syscall });
}
