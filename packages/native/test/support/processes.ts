import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { makePipe, type ProcessEnd, type ProcessOptions, startProcess } from '../../lib/index.ts';

/** A process without descriptors of its own, unless it is given some. */
export function start(options: Partial<ProcessOptions> & Pick<ProcessOptions, 'programs' | 'argv'>): {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
} {
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>();
  const defaults = {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: [undefined, undefined, undefined],
  } as const;
  return { pid: startProcess({ ...defaults, ...options }, resolve), ended };
}

/** What starts a line of a shell. */
export function shell(line: string): Pick<ProcessOptions, 'programs' | 'argv' | 'env' | 'cwd'> {
  return { programs: ['/bin/sh'], argv: ['sh', '-c', line], env: { PATH: '/usr/bin:/bin' }, cwd: '/' };
}

/** What a process writes to both streams, and how it ends. */
export async function outputOf(
  options: Parameters<typeof start>[0],
): Promise<{ readonly output: string; readonly end: ProcessEnd }> {
  const { readEnd, writeEnd } = makePipe();
  const { ended } = start({ ...options, stdio: [undefined, writeEnd, writeEnd] });
  closeSync(writeEnd);
  const output = readFileSync(readEnd, 'utf8');
  closeSync(readEnd);
  return { output, end: await ended };
}

/** The children of this process that have ended and that nobody has waited for. */
export function zombies(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isZombieOfOurs(name))
    .map(Number);
}

function isZombieOfOurs(pid: string): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' && parent === String(process.pid);
  } catch {
    return false; // gone
  }
}

/** The descriptors of this process, by number. */
export function openFiles(): string[] {
  return readdirSync('/proc/self/fd');
}
