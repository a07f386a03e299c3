import { chmodSync, closeSync } from 'node:fs';
import net, { type Server } from 'node:net';
import {
  inetAddress,
  isInetAddress,
  type SocketAddress,
  type UnixAddress,
} from '../../address/socket-address.ts';
import type { BindOptions } from '../contract/request-source.ts';

/** A bound stream socket that no `net.Server` listens on yet. */
export interface UnlistenedSocket {
  /** With the real port; `undefined` where it can be known only once it listens. */
  readonly address: SocketAddress | undefined;
  readonly fd: number;

  /**
   * Has a server listen on it, synchronously, which owns it from then on.
   *
   * @throws the operating system's error; the socket is closed then.
   */
  listen(server: Server, backlog: number): void;

  /** Closes it, where nobody is to listen. */
  close(): void;
}

/**
 * Binds a stream socket, synchronously.
 *
 * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open.
 */
export function bindSocket(
  address: SocketAddress,
  { reusePort, ipv6Only, mode }: Pick<BindOptions, 'reusePort' | 'ipv6Only' | 'mode'>,
): UnlistenedSocket & { readonly address: SocketAddress } {
  const bound = isInetAddress(address)
    ? new net.BoundSocket({ host: address[0], port: address[1], reusePort, ipv6Only })
    : bindUnix(address, mode);
  const real = bound.address();
  const where = typeof real === 'string' ? real : inetAddress(real.address, real.port);
  return {
    address: where,
    get fd() {
      return bound.fd();
    },
    // Two sockets with SO_REUSEADDR may be bound to one port; the second one to listen fails. [listen(2)]
    listen: (server, backlog) => requireListening(server.listen(bound, backlog), () => addressInUse(where)),
    close: () => bound.close(),
  };
}

/**
 * Takes over a stream socket that this process has inherited.
 *
 * @param address - where that is known already.
 */
export function inheritedSocket(fd: number, address: SocketAddress | undefined): UnlistenedSocket {
  return {
    address,
    fd,
    listen: (server, backlog) =>
      requireListening(server.listen({ fd, backlog, exclusive: true }), cannotListen),
    close: () => closeSync(fd),
  };
}

/** Node tells only later, by an event, that it cannot listen. */
function requireListening(server: Server, error: () => Error): void {
  if (server.listening) return;
  server.on('error', () => {});
  throw error();
}

function bindUnix(path: UnixAddress, mode: number | undefined): net.BoundSocket {
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

/** A socket of another kind, or one that is connected. [listen(2)] */
function cannotListen(): Error {
  const error = new Error('listen EINVAL: invalid argument');
  return Object.assign(error, { code: 'EINVAL', errno: -22, syscall: 'listen' });
}
