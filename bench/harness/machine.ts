import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What the figures were taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(bun: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    versions: {
      node: process.versions.node,
      ...version('gcc', ['gcc', '-dumpfullversion']),
      ...version('go', ['go', 'version']),
      ...version('python', ['/usr/bin/python3', '--version']),
      ...version('bun', [bun, '--version']),
    },
  };
}

function version(name: string, [command = '', ...args]: string[]): Record<string, string> {
  try {
    const text = execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 });
    return { [name]: /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? text.trim() };
  } catch {
    return {}; // not installed: its peer is skipped with a line of its own
  }
}
