import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its living descendants have used and hold. */
export interface TreeUsage {
  /** User and system time of all threads, and of children that ended and were waited for, in microseconds. */
  readonly cpuMicros: number;
  /** Resident memory, in bytes. Pages that processes share count in each. */
  readonly rssBytes: number;
}

interface ProcessStat {
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** `USER_HZ` is 100 on every Linux architecture that Node runs on [time(7)]: a tick is 10 ms. */
const MICROS_PER_TICK = 10_000;
const PAGE_BYTES = 4096;

/** Adds up a process and all its descendants. A process that ends while this reads counts through its parent. */
export function readTreeUsage(root: number): TreeUsage {
  const processes = readProcesses();
  let ticks = 0;
  let pages = 0;
  const pending = [root];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    const stat = processes.get(pid);
    if (stat === undefined) continue;
    ticks += stat.ticks;
    pages += stat.pages;
    for (const [child, { parent }] of processes) if (parent === pid) pending.push(child);
  }
  return { cpuMicros: ticks * MICROS_PER_TICK, rssBytes: pages * PAGE_BYTES };
}

function readProcesses(): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(entry);
    if (stat !== undefined) processes.set(Number(entry), stat);
  }
  return processes;
}

/** The fields are numbered as in proc_pid_stat(5); the second, the name, may hold spaces and parentheses. */
function readStat(pid: string): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17), pages: field(24) };
}
