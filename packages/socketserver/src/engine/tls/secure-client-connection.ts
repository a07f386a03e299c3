import { connect } from 'node:tls';
import type { ClientTLS } from '../../tls/client-tls-options.ts';
import { readTLSFacts } from '../../tls/tls-facts.ts';
import type { Connection } from '../contract/connection.ts';
import { beginTLS } from './begin-tls.ts';
import { completeHandshake, type HandshakeOptions } from './complete-handshake.ts';
import { TLSConnection } from './tls-connection.ts';

/**
 * Runs the client's side of a TLS handshake.
 *
 * @param connection - unread but for what the options say; it belongs to the handshake from now on, and is ended if that
 *   fails.
 * @returns a connection of the same contract, unread, for the bytes that TLS protects.
 * @throws TLSHandshakeError, once the connection is closed; what `verifyServer` throws; the signal's reason.
 */
export async function secureClientConnection(
  connection: Connection,
  { context, verifyServer }: ClientTLS,
  options: HandshakeOptions,
): Promise<Connection> {
  const begun = beginTLS(connection, 'server', options);
  const socket = connect({ ...context, socket: begun.carrier });
  await completeHandshake(socket, 'server', { ...options, clock: begun.clock });
  const tls = readTLSFacts(socket, { requestCert: true });
  const secured = new TLSConnection({ ...begun, socket, tls });
  try {
    await unlessAborted(verifyServer?.(tls), options.signal);
    return secured;
  } catch (error) {
    secured.reset();
    throw error;
  }
}

/** Waits for a verdict, which may take as long as somebody thinks about it, or until nobody wants it any more. */
async function unlessAborted(verdict: Promise<void> | void, signal: AbortSignal | undefined): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal?.reason as Error);
  signal?.addEventListener('abort', giveUp);
  try {
    if (signal?.aborted) giveUp();
    await Promise.race([aborted, verdict]);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}
