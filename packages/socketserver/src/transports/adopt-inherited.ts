import type { InheritedSocket } from '../address/inherited-socket.ts';
import type { SocketAddress } from '../address/socket-address.ts';
import type { Listener } from '../engine/contract/connection.ts';
import type { DatagramBindOptions, DatagramPort } from '../engine/contract/datagram-port.ts';
import type { Engine } from '../engine/contract/engine.ts';
import { UnsupportedError } from '../errors/unsupported-error.ts';

/**
 * Takes over the socket that a stream server was given; {@link listenOnInherited} is to follow.
 *
 * @throws TypeError for a descriptor that is no such socket; UnsupportedError where the engine has no descriptors.
 */
export function adoptListener(engine: Engine, socket: InheritedSocket): Listener {
  const facts = socket.inspect();
  if (engine.adoptListener === undefined) throw cannotAdopt(engine);
  return explaining(socket, () => engine.adoptListener!(socket.fd, facts?.address));
}

/** Takes over the socket that a datagram server was given. @throws as {@link adoptListener}. */
export function adoptDatagram(
  engine: Engine,
  socket: InheritedSocket,
  options: DatagramBindOptions,
): DatagramPort {
  const facts = socket.inspect();
  if (engine.adoptDatagram === undefined) throw cannotAdopt(engine);
  if (socket.kind === 'Unix datagram' && engine.name === 'node') {
    throw new UnsupportedError(
      'Cannot use the inherited socket: Node has no Unix datagram sockets; install @socketserver/native, whose engine has them',
    );
  }
  const port = explaining(socket, () => engine.adoptDatagram!(socket.fd, options, facts?.isIPv6));
  try {
    requireFamily(socket, port.address);
  } catch (error) {
    void port.close();
    throw error;
  }
  return port;
}

/** Has the socket listen, where it does not, with this backlog. @throws TypeError for one that cannot. */
export function listenOnInherited(listener: Listener, socket: InheritedSocket, backlog: number): void {
  explaining(socket, () => listener.listen(backlog));
  requireFamily(socket, listener.address); // some engines know it only now
}

/** What the system and Node answer where a descriptor is of another kind, or connected. */
const wrongKind = new Set(['EBADF', 'ENOTSOCK', 'EPROTOTYPE', 'EINVAL', 'EOPNOTSUPP', 'ERR_INVALID_FD_TYPE']);

/** Says of such an answer what it means, for sockets that could not be looked at beforehand. */
function explaining<Result>(socket: InheritedSocket, take: () => Result): Result {
  try {
    return take();
  } catch (error) {
    const isWrong = error instanceof Error && 'code' in error && wrongKind.has(String(error.code));
    if (!isWrong) throw error;
    throw socket.wrong(`a socket of another kind (${error.message})`, { cause: error });
  }
}

function requireFamily(socket: InheritedSocket, address: SocketAddress): void {
  const isUnix = typeof address === 'string';
  if (isUnix !== socket.kind.startsWith('Unix'))
    throw socket.wrong(`a${isUnix ? ' Unix' : 'n Internet'} socket`);
}

function cannotAdopt({ name }: Engine): UnsupportedError {
  return new UnsupportedError(
    `Cannot use the inherited socket: the ${name} engine has no descriptors; choose engine: 'node' or 'native'`,
  );
}
