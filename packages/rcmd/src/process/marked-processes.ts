import { readdirSync, readFileSync } from 'node:fs';
import { signalProcess } from './signal-group.ts';

/** The variable by which the processes of a command are known, wherever they went. */
export const commandVariable = 'RCMD_COMMAND';

const marker = Buffer.from(`${commandVariable}=`);

/**
 * Sends a signal to every process that has one of these commands in its environment: descendants that left their group
 * with `setsid(2)` too, unless they also cleared their environment. Needs `/proc`.
 *
 * @returns how many there were.
 * @see proc_pid_environ(5)
 */
export function killMarked(commandIds: ReadonlySet<string>, signal: NodeJS.Signals): number {
  if (commandIds.size === 0) return 0;
  let count = 0;
  for (const pid of numbersOfProcesses()) {
    const commandId = commandOf(pid);
    if (commandId === undefined || !commandIds.has(commandId)) continue;
    signalProcess(pid, signal);
    count += 1;
  }
  return count;
}

function numbersOfProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // not Linux
  }
}

function commandOf(pid: number): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`);
    const at = environment.subarray(0, marker.length).equals(marker)
      ? 0
      : environment.indexOf(`\0${marker.toString()}`) + 1;
    if (at === 0 && !environment.subarray(0, marker.length).equals(marker)) return undefined;
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + marker.length, end === -1 ? undefined : end);
  } catch {
    return undefined; // gone, or somebody else's
  }
}
