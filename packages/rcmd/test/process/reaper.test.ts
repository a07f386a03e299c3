import assert from 'node:assert/strict';
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { findAbandoned } from '../../src/process/command-records.ts';
import { isRunning, startTimeOf } from '../../src/process/process-facts.ts';
import { reapAbandoned } from '../../src/process/reaper.ts';
import { temporaryFolder, untilGone } from '../support/commands.ts';
import { until } from '../../../socketserver/test/support/until.ts';

/** A process whose runner has a command of three processes, one of them in a session of its own. */
async function startProgram(
  folder: string,
  controlGroups: boolean,
): Promise<{
  readonly program: ChildProcessByStdio<null, Readable, null>;
  readonly pids: readonly number[];
}> {
  const path = join(import.meta.dirname, 'programs/run-and-stay.ts');
  const program = spawn(process.execPath, [path, folder, String(controlGroups)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(program.stdout, 'data')) as [Buffer];
  return { program, pids: said.toString().trim().split(' ').map(Number) };
}

function untilEmpty(folder: string): Promise<void> {
  return until(() => !existsSync(folder) || readdirSync(folder).length === 0, 20);
}

for (const controlGroups of [true, false]) {
  describe(`a server that is killed, ${controlGroups ? 'with' : 'without'} control groups`, () => {
    it('takes all of its commands along, and its records', async () => {
      using folder = temporaryFolder();
      const { program, pids } = await startProgram(folder.path, controlGroups);
      assert.equal(pids.length, 3);
      program.kill('SIGKILL');
      for (const pid of pids) await untilGone(pid);
      await untilEmpty(join(folder.path, 'commands'));
    });

    it('leaves them to its next start where its reaper was killed too', async () => {
      using folder = temporaryFolder();
      const { program, pids } = await startProgram(folder.path, controlGroups);
      const times = pids.map((pid) => startTimeOf(pid));
      const shared = join(folder.path, 'commands');
      assert.deepEqual(findAbandoned(shared), [], 'its server lives');

      execFileSync('pkill', ['-KILL', '-P', String(program.pid), '-f', 'rcmd-reaper']);
      program.kill('SIGKILL');
      await once(program, 'exit');
      await delay(200); // nobody else comes
      assert.ok(pids.every((pid, index) => isRunning(pid, times[index])));

      assert.equal(reapAbandoned(shared).length, 1);
      for (const pid of pids) await untilGone(pid);
      assert.deepEqual(readdirSync(shared), []);
      assert.deepEqual(reapAbandoned(shared), []);
    });
  });
}
