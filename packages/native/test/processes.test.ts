import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { endWithParent } from '../lib/index.ts';

const program = join(import.meta.dirname, 'support/busy-orphan.ts');

describe('endWithParent()', () => {
  it('ends a process that blocks when its parent is killed', async () => {
    const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(parent.stdout, 'end'); // when the child, too, holds the pipe no more
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    const child = String((await lines.next()).value);
    assert.ok(existsSync(`/proc/${child}`));
    parent.kill('SIGKILL');
    await ended;
  });

  it('takes a time of grace', () => {
    assert.throws(() => endWithParent(process.ppid, 0), { code: 'EINVAL', syscall: 'prctl' });
  });
});
