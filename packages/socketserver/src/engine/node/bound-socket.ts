import { chmodSync } from 'node:fs';
import net, { type BoundSocket, type Server } from 'node:net';
import { inetAddress, type SocketAddress, type UnixAddress } from '../../address/socket-address.ts';
import { type BindOptions, isInetAddress } from '../contract.ts';

/**
 * Binds a stream socket, synchronously.
 *
 * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open.
 */
export function bindSocket(
  address: SocketAddress,
  { reusePort, ipv6Only, mode }: Pick<BindOptions, 'reusePort' | 'ipv6Only' | 'mode'>,
): BoundSocket {
  if (!isInetAddress(address)) return bindUnix(address, mode);
  const [host, port] = address;
  return new net.BoundSocket({ host, port, reusePort, ipv6Only });
}

/** The address of a bound socket, with the real port. */
export function addressOf(bound: BoundSocket): SocketAddress {
  const real = bound.address();
  return typeof real === 'string' ? real : inetAddress(real.address, real.port);
}

/**
 * Has a server listen on a bound socket, synchronously.
 *
 * Two sockets with `SO_REUSEADDR` may be bound to one port; the second one to listen fails. Node reports that later, by
 * an event, and only this error is possible then. [listen(2)]
 *
 * @throws `EADDRINUSE`; the socket is closed then.
 */
export function listenOn(server: Server, bound: BoundSocket, backlog: number): void {
  const address = addressOf(bound);
  server.listen(bound, backlog);
  if (server.listening) return;
  server.on('error', () => {});
  throw addressInUse(address);
}

function bindUnix(path: UnixAddress, mode: number | undefined): BoundSocket {
  // `path` is newer than the type definitions of this Node line. [Node 24.20: net.BoundSocket]
  const bound = new net.BoundSocket({ path } as net.BoundSocketOptions);
  if (mode === undefined || path.startsWith('\0')) return bound;
  try {
    chmodSync(path, mode);
  } catch (error) {
    bound.close();
    throw error;
  }
  return bound;
}

function addressInUse(address: SocketAddress): Error {
  const where = isInetAddress(address) ? `${address[0]}:${address[1]}` : address;
  const details = isInetAddress(address) ? { address: address[0], port: address[1] } : { address };
  return Object.assign(new Error(`listen EADDRINUSE: address already in use ${where}`), {
    code: 'EADDRINUSE',
    errno: -98,
    syscall: 'listen',
    ...details,
  });
}
