/** What docs/security.md says that is not caught: a limit of the platform, and to be known when it is none any more. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { isRunning, startTimeOf } from '../../src/process/process-facts.ts';
import { finish, shellSpec, startRunner } from '../support/commands.ts';
import { needs } from '../support/needs.ts';

it(
  'without control groups a process with a session of its own and no environment is not found, and has no more rights',
  needs('setsid', 'env'),
  async () => {
    const started = await startRunner({ controlGroups: false });
    const hides = `setsid env -i /bin/sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & read -r _`;
    const command = await started.runner.run(shellSpec(hides, { stdin: true }), 'me');
    const pid = Number((await command.read('stdout', 100))!.toString());
    const startTime = startTimeOf(pid);
    try {
      command.endInput();
      await finish(command);
      await started[Symbol.asyncDispose](); // which looks for whatever is left
      assert.ok(isRunning(pid, startTime));
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      assert.equal(Number(/^Uid:\t(\d+)/m.exec(status)![1]), process.getuid!());
      assert.notEqual(Number(/^PPid:\t(\d+)/m.exec(status)![1]), process.pid);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  },
);
