import { TLSSocket } from 'node:tls';
import type { Connection, NodeStream } from '../contract.ts';
import { TLSHandshakeError } from '../../errors.ts';
import type { TLSContexts } from '../../tls/tls-contexts.ts';
import { readTLSFacts } from '../../tls/tls-facts.ts';
import { completeHandshake, type HandshakeOptions } from './complete-handshake.ts';
import { TLSConnection } from './tls-connection.ts';

/**
 * Runs the server's side of a TLS handshake.
 *
 * @param connection - accepted and unread; it belongs to the handshake from now on, and is ended if that fails.
 * @returns a connection of the same contract, unread, for the bytes that TLS protects.
 * @throws {@link TLSHandshakeError}, once the connection is closed; the signal's reason.
 */
export async function secureConnection(
  connection: Connection,
  contexts: TLSContexts,
  options: HandshakeOptions,
): Promise<Connection> {
  const { localAddress, remoteAddress, proxy } = connection;
  const carrier = leaveEngine(connection);
  carrier.on('error', reportedByTLS);
  const socket = new TLSSocket(carrier, contexts);
  // Only tls.Server's own sockets end by themselves when the peer breaks the protocol. [Node: _emitTLSError]
  socket.on('_tlsError', (error: Error) => socket.destroy(error));
  await completeHandshake(socket, 'client', options);
  const tls = readTLSFacts(socket, { requestCert: contexts.requestCert === true });
  if (contexts.rejectUnauthorized === true && !tls.authorized) {
    socket.destroy();
    const why = tls.authorizationError ?? 'it showed none';
    throw new TLSHandshakeError(`the client's certificate does not count: ${why}`, 'certificate');
  }
  return new TLSConnection({ socket, carrier, tls, localAddress, remoteAddress, proxy });
}

/** @throws what the engine says, with the connection ended, where it has no Node socket to give. */
function leaveEngine(connection: Connection): NodeStream {
  try {
    return connection.toSocket();
  } catch (error) {
    connection.reset();
    throw error;
  }
}

/** The TLS socket on top reports what its carrier meets. [Node: TLSSocket] */
function reportedByTLS(): void {}
