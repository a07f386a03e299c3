import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets the event loop turn so often that whatever was about to happen has happened. */
export async function someTurns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}
