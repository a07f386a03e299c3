import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, startTimeOf } from '../process/process-facts.ts';

/** Where servers and their workers have files while they run, and how those are called: by the number of the process. */
const places: readonly { readonly folder: string; readonly name: RegExp }[] = [
  { folder: 'pipes', name: /^(\d+)-/ },
  { folder: 'cores', name: /^(\d+)-/ },
  { folder: 'sessions', name: /^(\d+)-/ },
  { folder: '.', name: /^private-(\d+)\.sock$/ },
];

/**
 * Removes what processes have left in the folder of what runs that were killed. Files whose number has been given to another
 * process since then stay until that one is gone, too.
 *
 * @throws the system's error for what cannot be removed.
 */
export function removeLeftFiles(runtime: string): void {
  for (const { folder, name } of places) {
    for (const entry of namesIn(join(runtime, folder))) {
      const pid = Number(name.exec(entry)?.[1] ?? NaN);
      if (Number.isNaN(pid) || isRunning(pid, startTimeOf(pid))) continue;
      rmSync(join(runtime, folder, entry), { recursive: true, force: true });
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // no server has needed it yet
    throw error;
  }
}
