import type { Engine } from '../engine/contract/engine.ts';
import { loadEndWithParent } from '../engine/native-engine.ts';
import { OrphanWatch } from './orphan-watch.ts';

/** What the kernel leaves a process whose parent is gone, to end by itself. */
const graceMs = 1_000;

/**
 * Has this child process end when its parent is gone, within two seconds, also while a handler blocks the event loop: that
 * one would not see the closed channel, and an orphan would spin for ever.
 *
 * Where the native engine runs the kernel does it, which costs nothing; else a thread looks after the parent, which costs
 * about what another half of a process does.
 *
 * @returns who must be told of each request, if anybody.
 */
export function endAfterParent(parent: number, engine: Engine['name']): OrphanWatch | undefined {
  const endWithParent = engine === 'native' ? loadEndWithParent() : undefined;
  if (typeof endWithParent !== 'function') return new OrphanWatch(parent);
  try {
    endWithParent(parent, graceMs);
    return undefined;
  } catch {
    return new OrphanWatch(parent); // a sandbox may refuse prctl(2) or timers
  }
}
