import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeFolder } from '../../src/paths/make-folder.ts';
import { temporaryFolder } from '../support/commands.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('makeFolder', () => {
  it('makes a folder and those above it for this user alone, and leaves what is there as it is', () => {
    using folder = temporaryFolder();
    const there = join(folder.path, 'there');
    mkdirSync(there, { mode: 0o755 });
    const path = join(there, 'one/two');
    makeFolder(path);
    makeFolder(path);
    assert.deepEqual([there, join(there, 'one'), path].map(modeOf), [0o755, 0o700, 0o700]);
  });

  it('fails where none can be made, as below /proc, where Node itself would try for ever', () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'file'), '');
    assert.throws(() => makeFolder(join(folder.path, 'file/below')), { code: /ENOTDIR|EEXIST/ });
    assert.throws(() => makeFolder('/proc/none/below'), {
      code: 'ENOENT',
      syscall: 'mkdir',
      path: '/proc/none',
    });
  });
});
