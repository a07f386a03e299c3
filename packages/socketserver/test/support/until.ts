import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** Longer than anything takes that comes at all, and less than the runner's limit: a loop without end holds up all tests. */
const patienceMs = 120_000;

/**
 * Lets the event loop turn, and asks again, until `isTrue`.
 *
 * @param everyMs - how long to wait in between: for what other processes do, which must not be kept from it.
 * @throws when it waits in vain.
 */
export async function until(isTrue: () => boolean | Promise<boolean>, everyMs = 0): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${isTrue.toString()}`);
    await (everyMs === 0 ? nextTurn() : delay(everyMs));
  }
}
