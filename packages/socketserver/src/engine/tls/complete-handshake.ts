import type { TLSSocket } from 'node:tls';
import { type HandshakeFault, TLSHandshakeError } from '../../errors.ts';

/** What a handshake may take. */
export interface HandshakeOptions {
  /** Milliseconds that the handshake may take; `Infinity` for no limit. */
  readonly handshakeMs: number;
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

type Peer = 'client' | 'server';

/**
 * Resolves when both sides are done; rejects once a socket that did not get there is closed.
 *
 * @param peer - who is at the other end.
 * @throws {@link TLSHandshakeError}, the signal's reason.
 */
export async function completeHandshake(
  socket: TLSSocket,
  peer: Peer,
  { handshakeMs, signal }: HandshakeOptions,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A client's socket checks the server's certificate in between. [Node: onConnectSecure]
  const done = peer === 'client' ? 'secure' : 'secureConnect';
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
  const ended = (): void => giveUp(handshakeError(undefined, peer));
  const closed = (): void =>
    reject(failure === signal?.reason && failure !== undefined ? failure : handshakeError(failure, peer));

  const timer =
    handshakeMs === Infinity ? undefined : setTimeout(expired, Math.min(handshakeMs, 2 ** 31 - 1));
  signal?.addEventListener('abort', aborted);
  socket.on('error', failed).on('end', ended).on('close', closed).on(done, resolve);
  try {
    if (signal?.aborted) aborted();
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
    socket.off('error', failed).off('end', ended).off('close', closed).off(done, resolve);
  }
}

/** Says what an error means for a handshake; without one the peer closed the connection. */
function handshakeError(cause: Error | undefined, peer: Peer): TLSHandshakeError {
  if (cause instanceof TLSHandshakeError) return cause;
  if (cause === undefined) return new TLSHandshakeError(`the ${peer} closed the connection`, 'closed');
  const fault: HandshakeFault = 'syscall' in cause ? 'closed' : 'protocol';
  const { reason } = cause as { reason?: unknown }; // OpenSSL's words, where they are its
  return new TLSHandshakeError(typeof reason === 'string' ? reason : cause.message, fault, { cause });
}
