import type { PooledWorker } from './pooled-worker.ts';

/** A start that takes longer waits for something else than a core, so that further ones need not wait for it. */
export const startTurnMs = 5_000;

/** A worker that was asked so lately had no chance to answer. */
const chanceMs = 5;

/** A worker, as far as it keeps a core busy. */
type Starting = Pick<PooledWorker, 'state' | 'startedAt' | 'askedAt'>;

/**
 * Whether a further start would only hold up those that are under way: each keeps a core busy, and so does a worker that
 * was asked whether it has time and has not answered. Who waits for the first of two that share a core waits twice as long.
 */
export function areEnoughStarting(
  workers: readonly Starting[],
  { cores, now }: { readonly cores: number; readonly now: number },
): boolean {
  let starting = 0;
  let free = cores;
  for (const { state, startedAt, askedAt } of workers) {
    if (state === 'starting' && startedAt > now - startTurnMs) starting += 1;
    if (state === 'ready' && askedAt !== undefined && askedAt < now - chanceMs) free -= 1;
  }
  return starting >= Math.max(1, free);
}
