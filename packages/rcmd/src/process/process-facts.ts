import { readFileSync } from 'node:fs';

/**
 * When a process started, in clock ticks after boot: together with its number this names it for good, since numbers are
 * used again. [proc_pid_stat(5), field 22]
 *
 * @returns `undefined` where there is no such process, or no `/proc`.
 */
export function startTimeOf(pid: number): string | undefined {
  return fieldsOf(pid)?.[19];
}

/** Whether that very process still runs; a zombie does not. Without `/proc` it is believed to. */
export function isRunning(pid: number, startTime: string | undefined): boolean {
  const fields = fieldsOf(pid);
  if (fields !== undefined) return fields[19] === startTime && fields[0] !== 'Z';
  return startTime === undefined && isThere(pid);
}

/** Names this boot of the machine: numbers and start times mean nothing after it. `''` where there is no `/proc`. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

/** The fields after the program's name, which may hold spaces and parentheses. */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8'); // which Node reads in one go, as no other encoding
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
