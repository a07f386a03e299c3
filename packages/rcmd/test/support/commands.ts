import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandRunner, type CommandRunnerOptions } from '../../src/process/command-runner.ts';
import type { CommandSpec, RunningCommand } from '../../src/process/command.ts';
import { isRunning, startTimeOf } from '../../src/process/process-facts.ts';
import type { CommandEnd } from '../../src/protocol/command-end.ts';
import type { OutputName } from '../../src/protocol/stream-id.ts';
import { until } from '../../../socketserver/test/support/until.ts';

/** A folder of a test's own, which goes with it. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'rcmd-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A runner in a folder of its own. */
export async function startRunner(
  options: Partial<CommandRunnerOptions> = {},
): Promise<{ readonly runner: CommandRunner } & AsyncDisposable> {
  const folder = temporaryFolder();
  const runner = await CommandRunner.start({ stateFolder: folder.path, ...options });
  return {
    runner,
    [Symbol.asyncDispose]: async () => {
      await runner.close();
      folder[Symbol.dispose]();
    },
  };
}

/** What to run, with nothing limited. */
export function commandSpec(
  argv: readonly [string, ...string[]],
  changes: Partial<CommandSpec> = {},
): CommandSpec {
  return {
    commandId: crypto.randomUUID(),
    argv,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdin: false,
    timeoutMs: Infinity,
    idleTimeoutMs: Infinity,
    maxOutputBytes: Infinity,
    killSignal: 'SIGTERM',
    graceMs: 5_000,
    outputGraceMs: 1_000,
    ...changes,
  };
}

export function shellSpec(line: string, changes: Partial<CommandSpec> = {}): CommandSpec {
  return commandSpec(['sh', '-c', line], changes);
}

/** What a command wrote, and how it ended. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly end: CommandEnd;
}

/** Reads a command to its end. */
export async function finish(command: RunningCommand): Promise<Finished> {
  const [stdout, stderr] = await Promise.all([readAll(command, 'stdout'), readAll(command, 'stderr')]);
  return { stdout, stderr, end: await command.ended };
}

export async function readAll(command: RunningCommand, stream: OutputName): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const bytes = await command.read(stream, 65_536);
    if (bytes === undefined) return Buffer.concat(pieces).toString();
    pieces.push(bytes);
  }
}

/**
 * Waits until a process has ended; one that only waits for whoever inherited it has.
 *
 * @param graceMs - what it was given: with 2 s more it must be gone, five times that on a machine that is busy. Whatever is to be
 * missed here sleeps for 1,000 s, so that it does not end by itself.
 */
export async function untilGone(pid: number, graceMs = 5_000): Promise<void> {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) return;
  const limitMs = 5 * (graceMs + 2_000);
  const begun = performance.now();
  await until(() => {
    if (!isRunning(pid, startTime)) return true;
    assert.ok(performance.now() - begun < limitMs, `process ${pid} runs on after ${limitMs} ms`);
    return false;
  }, 10);
}

/**
 * Has a command that must get something done before its time is up: on a machine that is busy it is tried again with ten times as
 * much, and with that again.
 *
 * @param attempt - gives `undefined` where the command did not get that far.
 */
export async function withTimeFor<Result>(
  ms: number,
  attempt: (ms: number) => Promise<Result | undefined>,
): Promise<Result> {
  for (const time of [ms, 10 * ms, 100 * ms]) {
    const result = await attempt(time);
    if (result !== undefined) return result;
  }
  throw new Error(`It was not done within ${100 * ms} ms`);
}

/** Waits until nothing is left of any command. */
export function untilCleared(runner: CommandRunner): Promise<void> {
  return until(() => runner.running === 0, 10);
}
