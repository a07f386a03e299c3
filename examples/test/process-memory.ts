import { readFile } from 'node:fs/promises';

/** The most memory that a process has had at one time. [proc_pid_status(5): VmHWM] */
export async function peakMemoryBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1_024;
}
