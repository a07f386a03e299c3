import type { TLSSocket } from 'node:tls';
import { type HandshakeFault, TLSHandshakeError } from '../../errors/tls-errors.ts';
import { type Clock, clockOf } from '../clock.ts';
import type { ReadSoFar } from '../connection-duplex.ts';
import type { HandshakeBudget } from './handshake-budget.ts';

/** What a handshake may take, and what was read before it. */
export interface HandshakeOptions extends ReadSoFar {
  /** Milliseconds that the handshake may take; `Infinity` for no limit. */
  readonly handshakeMs: number;
  /** Gives up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a handshake runs by. */
interface Under {
  readonly clock: Clock | undefined;
  /** What the peer may send. Default: anything. */
  readonly budget?: HandshakeBudget;
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
  { handshakeMs, signal, clock: itsClock, budget }: HandshakeOptions & Under,
): Promise<void> {
  const clock = clockOf({ clock: itsClock });
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
  const completed = (): void => {
    const excess = budget?.excess;
    if (excess === undefined) resolve();
    else giveUp(excess);
  };
  const ended = (): void => giveUp(handshakeError(undefined, peer));
  const closed = (): void => {
    const isAborted = failure !== undefined && failure === signal?.reason;
    reject(isAborted ? failure : handshakeError(failure, peer, socket));
  };

  const timer = handshakeMs === Infinity ? undefined : clock.setTimeout(expired, handshakeMs);
  signal?.addEventListener('abort', aborted);
  socket.on('error', failed).on('end', ended).on('close', closed).on(done, completed);
  const stopWatching = budget?.watch(giveUp, clock);
  try {
    if (signal?.aborted) aborted();
    await promise;
  } finally {
    clock.clearTimeout(timer);
    stopWatching?.();
    signal?.removeEventListener('abort', aborted);
    socket.off('error', failed).off('end', ended).off('close', closed).off(done, completed);
  }
}

/** Says what an error means for a handshake; without one the peer closed the connection. */
function handshakeError(cause: Error | undefined, peer: Peer, socket?: TLSSocket): TLSHandshakeError {
  if (cause instanceof TLSHandshakeError) return cause;
  if (cause === undefined) return new TLSHandshakeError(`the ${peer} closed the connection`, 'closed');
  // Only a client's socket has this, where it does not believe the server. [Node: onConnectSecure]
  if (socket?.authorizationError != null) {
    const why = (cause as { code?: string }).code ?? cause.message;
    return new TLSHandshakeError(`the ${peer}'s certificate does not count: ${why}`, 'certificate', {
      cause,
    });
  }
  const fault: HandshakeFault = 'syscall' in cause ? 'closed' : 'protocol';
  const { reason } = cause as { reason?: unknown }; // OpenSSL's words, where they are its
  return new TLSHandshakeError(typeof reason === 'string' ? reason : cause.message, fault, { cause });
}
