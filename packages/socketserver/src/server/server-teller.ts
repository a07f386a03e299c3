import type { SocketAddress } from '../address/socket-address.ts';
import {
  drainBegunChannel,
  drainEndedChannel,
  reloadBegunChannel,
  reloadEndedChannel,
} from '../diagnostics/server-events.ts';

/** Publishes the drain of a server, where somebody listens. @param drain - resolves with the connections that it reset. */
export async function tellDrain(
  facts: { readonly serverAddress: SocketAddress; readonly active: number; readonly drainMs: number },
  drain: () => Promise<number>,
): Promise<void> {
  const begunAt = performance.now();
  const drained = drain();
  if (drainBegunChannel.hasSubscribers) drainBegunChannel.publish(facts);
  const resets = await drained;
  if (!drainEndedChannel.hasSubscribers) return;
  const durationMs = performance.now() - begunAt;
  drainEndedChannel.publish({ serverAddress: facts.serverAddress, durationMs, resets });
}

/** Publishes a reload, where somebody listens. @throws what `reload` does. */
export async function tellReload(serverAddress: SocketAddress, reload: () => Promise<void>): Promise<void> {
  const begunAt = performance.now();
  const ended = (error: unknown): void => {
    if (!reloadEndedChannel.hasSubscribers) return;
    reloadEndedChannel.publish({ serverAddress, durationMs: performance.now() - begunAt, error });
  };
  if (reloadBegunChannel.hasSubscribers) reloadBegunChannel.publish({ serverAddress });
  try {
    await reload();
  } catch (error) {
    ended(error);
    throw error;
  }
  ended(undefined);
}
