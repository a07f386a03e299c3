import type { PooledWorker } from './pooled-worker.ts';
import type { WorkerLoan } from './worker-loan.ts';

/** Connections by which a borrower may get ahead of the thread that has the fewest: where they stay they must be spread. */
const lead = 64;

/** What is to be known of a thread that might take clients itself. */
type Candidate = Pick<PooledWorker, 'active' | 'answersNow' | 'hasRoom' | 'isBlocked'> & {
  readonly loan: Pick<WorkerLoan, 'state'>;
};

/** @returns the freest thread that may take clients itself, and how many connections it may take on. */
export function chooseBorrower<T extends Candidate>(
  threads: Iterable<T>,
): { readonly pooled: T; readonly quota: number } | undefined {
  let freest: T | undefined;
  let fewest = Infinity;
  for (const pooled of threads) {
    if (!pooled.hasRoom || pooled.isBlocked) continue;
    fewest = Math.min(fewest, pooled.active);
    if (pooled.loan.state !== 'over' || pooled.active >= (freest?.active ?? Infinity)) continue;
    if (pooled.answersNow) freest = pooled;
  }
  if (freest === undefined) return undefined;
  const quota = fewest + lead - freest.active;
  return quota > 0 ? { pooled: freest, quota } : undefined;
}
