import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children hold. */
export interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
  readonly processes: number;
  readonly residentBytes: number;
}

/** @see proc(5): fd, task, children, VmRSS */
export function holdingsOf(pid: number): Holdings {
  for (let tries = 0; ; tries += 1) {
    try {
      return look(pid);
    } catch (error) {
      // One of them has ended since it was listed.
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ESRCH') || tries === 100) throw error;
    }
  }
}

function look(pid: number): Holdings {
  const pids = [pid, ...descendants(pid)];
  const status = pids.map((one) => readFileSync(`/proc/${one}/status`, 'utf8'));
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
  return {
    descriptors: sum(pids.map((one) => readdirSync(`/proc/${one}/fd`).length)),
    threads: sum(status.map((text) => Number(/^Threads:\s+(\d+)/m.exec(text)?.[1] ?? 0))),
    processes: pids.length,
    residentBytes: sum(status.map((text) => Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0))) * 1_024,
  };
}

function descendants(pid: number): number[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'),
  );
  const children = lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendants)];
}
