import { TLSSocket } from 'node:tls';
import type { Connection, NodeStream } from '../contract.ts';
import { type HandshakeFault, TLSHandshakeError } from '../../errors.ts';
import type { TLSContexts } from '../../tls/tls-contexts.ts';
import { readTLSFacts } from '../../tls/tls-facts.ts';
import { TLSConnection } from './tls-connection.ts';

/** Options of {@link secureConnection}. */
export interface HandshakeOptions {
  /** Milliseconds that the handshake may take; `Infinity` for no limit. */
  readonly handshakeMs: number;
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

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
  await completeHandshake(socket, options);
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

/** Resolves when both sides are done; rejects once a socket that did not get there is closed. */
async function completeHandshake(
  socket: TLSSocket,
  { handshakeMs, signal }: HandshakeOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: Error | undefined;
  const failed = (error: Error): void => {
    failure ??= error;
  };
  const giveUp = (reason: Error): void => {
    failed(reason);
    socket.destroy();
  };
  const expired = (): void =>
    giveUp(new TLSHandshakeError(`it was not done within ${handshakeMs} ms`, 'timeout'));
  const aborted = (): void => giveUp(signal?.reason as Error);
  const ended = (): void => giveUp(handshakeError(undefined));
  const closed = (): void =>
    reject(failure === signal?.reason && failure !== undefined ? failure : handshakeError(failure));

  const timer =
    handshakeMs === Infinity ? undefined : setTimeout(expired, Math.min(handshakeMs, 2 ** 31 - 1));
  signal?.addEventListener('abort', aborted);
  socket.on('error', failed).on('end', ended).on('close', closed).on('secure', resolve);
  try {
    if (signal?.aborted) aborted();
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
    socket.off('error', failed).off('end', ended).off('close', closed).off('secure', resolve);
  }
}

/** Says what an error means for a handshake; without one the client closed the connection. */
function handshakeError(cause: Error | undefined): TLSHandshakeError {
  if (cause instanceof TLSHandshakeError) return cause;
  if (cause === undefined) return new TLSHandshakeError('the client closed the connection', 'closed');
  const fault: HandshakeFault = 'syscall' in cause ? 'closed' : 'protocol';
  const { reason } = cause as { reason?: unknown }; // OpenSSL's words, where they are its
  return new TLSHandshakeError(typeof reason === 'string' ? reason : cause.message, fault, { cause });
}

/** The TLS socket on top reports what its carrier meets. [Node: TLSSocket] */
function reportedByTLS(): void {}
