import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets the event loop turn until `isTrue`; the runner's time limit ends a wait that is in vain. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn();
}
