import { TLSSocket } from 'node:tls';
import { TLSHandshakeError } from '../../errors/tls-errors.ts';
import type { TLSContexts } from '../../tls/tls-contexts.ts';
import { readTLSFacts } from '../../tls/tls-facts.ts';
import type { Connection } from '../contract/connection.ts';
import { beginTLS } from './begin-tls.ts';
import { completeHandshake, type HandshakeOptions } from './complete-handshake.ts';
import { HandshakeBudget } from './handshake-budget.ts';
import { TLSConnection } from './tls-connection.ts';

/**
 * Runs the server's side of a TLS handshake.
 *
 * @param connection - unread but for what the options say; it belongs to the handshake from now on, and is ended if that
 *   fails.
 * @returns a connection of the same contract, unread, for the bytes that TLS protects.
 * @throws {@link TLSHandshakeError}, once the connection is closed; the signal's reason.
 */
export async function secureConnection(
  connection: Connection,
  contexts: TLSContexts,
  options: HandshakeOptions,
): Promise<Connection> {
  const begun = beginTLS(connection, 'client', options);
  const { unread } = options;
  const budget = new HandshakeBudget(begun.carrier, { maxBytes: contexts.maxHandshakeBytes, unread });
  const socket = new TLSSocket(begun.carrier, contexts);
  // Only tls.Server's own sockets end by themselves when the peer breaks the protocol. [Node: _emitTLSError]
  socket.on('_tlsError', (error: Error) => socket.destroy(error));
  await completeHandshake(socket, 'client', { ...options, clock: begun.clock, budget });
  const tls = readTLSFacts(socket, { requestCert: contexts.requestCert === true });
  if (contexts.rejectUnauthorized === true && !tls.authorized) {
    socket.destroy();
    const why = tls.authorizationError ?? 'it showed none';
    throw new TLSHandshakeError(`the client's certificate does not count: ${why}`, 'certificate');
  }
  return new TLSConnection({ ...begun, socket, tls });
}
