import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isGroupOf, mayOthersWrite } from '../../src/paths/others-write.ts';
import { temporaryFolder } from '../support/commands.ts';

const ana = 'ana:x:1000:1000::/home/ana:/bin/bash';
const bob = 'bob:x:1001:1001::/home/bob:/bin/bash';

describe('a group', () => {
  const cases: readonly [name: string, isAlone: boolean, passwd: string, group: string][] = [
    ['is a user’s alone with nobody in it', true, `${ana}\n${bob}\n`, 'ana:x:1000:\nbob:x:1001:\n'],
    ['is a user’s alone with that user in it', true, ana, 'ana:x:1000:ana'],
    ['is not with another member', false, `${ana}\n${bob}`, 'ana:x:1000:bob'],
    ['is not with another member beside the user', false, `${ana}\n${bob}`, 'ana:x:1000:ana,bob'],
    ['is not with another member under a second name', false, ana, 'ana:x:1000:\nana:x:1000:bob'],
    ['is not where somebody else begins in it', false, `${ana}\nbob:x:1001:1000::/:/bin/sh`, 'ana:x:1000:'],
    ['is not under another name', false, ana, 'users:x:1000:'],
    ['is not where the user does not begin in it', false, ana.replace(':1000:', ':100:'), 'ana:x:1000:'],
    ['is not where the user has no entry', false, bob, 'ana:x:1000:'],
    ['is not where it has no entry', false, ana, 'bob:x:1001:'],
  ];
  for (const [name, isAlone, passwd, group] of cases) {
    it(name, () => assert.equal(isGroupOf(1000, 1000, { passwd, group }), isAlone));
  }

  it('may write only as a user’s own, and all others never', () => {
    for (const mode of [0o755, 0o1755, 0o644]) assert.equal(mayOthersWrite({ mode, gid: 0 }), false);
    for (const mode of [0o757, 0o602, 0o1777]) assert.equal(mayOthersWrite({ mode, gid: 0 }), true);
    assert.equal(mayOthersWrite({ mode: 0o775, gid: 4_294_967_294 }), true);
  });
});

describe('a user whose logins have umask 002', () => {
  const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0;
  const skip = canMount ? false : 'needs root, and leave to mount';
  const privateFile = new URL('../../src/paths/private-file.ts', import.meta.url).href;

  /** Makes a secret as user 12345 below a folder that their group may write to, on a system with these groups. */
  function makeSecret(group: string): string {
    using folder = temporaryFolder();
    const file = (name: string, text: string): string => {
      const path = join(folder.path, name);
      writeFileSync(path, text);
      return path;
    };
    const passwd = file('passwd', 'root:x:0:0::/root:/bin/sh\nana:x:12345:12345::/:/bin/sh\n');
    const groups = file('group', `root:x:0:\n${group}\n`);
    const home = join(folder.path, 'home');
    mkdirSync(home, { mode: 0o755 });
    const program = `const { createPrivateFile } = await import(${JSON.stringify(privateFile)});
      const { chmodSync, chownSync, mkdirSync } = await import('node:fs');
      chmodSync(${JSON.stringify(folder.path)}, 0o755);
      chownSync('${home}', 12345, 12345);
      process.setgroups([]); process.setgid(12345); process.setuid(12345); process.umask(0o002);
      mkdirSync('${home}/.config/other', { recursive: true });
      try { console.log(createPrivateFile('${home}/.config/rcmd/secret', 'made')); }
      catch (error) { console.log(error.message); }`;
    const script = `mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && exec "$3" --input-type=module --eval "$4"`;
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', passwd, groups, process.execPath, program],
      {
        env: { ...process.env, HOME: home, NODE_NO_WARNINGS: '1' },
        encoding: 'utf8',
        timeout: 120_000,
      },
    );
    assert.equal(stderr, '');
    return stdout.trimEnd();
  }

  it('has a group of their own, and is trusted', { skip }, () => {
    assert.equal(makeSecret('ana:x:12345:'), 'made');
  });

  it('is not where the group is shared', { skip }, () => {
    assert.match(makeSecret('ana:x:12345:bob'), /must not be writable by others.*: chmod go-w .*\.config$/);
  });
});
