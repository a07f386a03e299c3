import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longer than anything takes that comes at all, and less than the runner's limit: a loop without end holds up all tests. */
const patienceMs = 200_000;

/** Lets the event loop turn, and asks again, until `isTrue`. @throws when it waits in vain. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${isTrue.toString()}`);
    await nextTurn();
  }
}
