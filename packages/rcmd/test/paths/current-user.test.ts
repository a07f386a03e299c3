import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { describe, it } from 'node:test';
import { currentUser } from '../../src/paths/current-user.ts';

const module = new URL('../../src/paths/current-user.ts', import.meta.url).href;

describe('who runs this process', () => {
  it('is whom the system knows', () => {
    const { uid, username, homedir } = userInfo();
    assert.deepEqual(currentUser(), { uid, username, homedir, shell: userInfo().shell ?? '/bin/sh' });
  });

  it('is a number where the system has no record of it', { skip: process.getuid?.() !== 0 }, () => {
    // Modules are read before the change: the user might not be allowed to.
    const program = `const { currentUser, homeFolder } = await import(${JSON.stringify(module)});
      process.setuid(23456);
      console.log(JSON.stringify([currentUser(), homeFolder()]));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { NODE_NO_WARNINGS: '1' },
      encoding: 'utf8',
      timeout: 120_000,
    });
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), [
      { uid: 23456, username: '23456', homedir: '/', shell: '/bin/sh' },
      '/',
    ]);
  });
});
