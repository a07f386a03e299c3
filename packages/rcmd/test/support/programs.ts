import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs a program to its end. @returns what it wrote, both streams together. */
export async function run(
  program: string,
  args: readonly (string | number)[],
  { input = '' } = {},
): Promise<string> {
  const child = spawn(program, args.map(String), { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it may end without reading all
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return stdout + stderr;
}
