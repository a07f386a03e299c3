import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { KnownHosts } from '../../src/trust/known-hosts.ts';
import { temporaryFolder } from '../support/commands.ts';

const someKey = `SHA256:${'A'.repeat(43)}`;

describe('known_hosts', () => {
  it('loses nothing, though many programs add and forget servers at once', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'known_hosts');
    const program = `
      import { KnownHosts } from ${JSON.stringify(join(import.meta.dirname, '../../src/trust/known-hosts.ts'))};
      const known = new KnownHosts(${JSON.stringify(path)});
      for (let n = 0; n < 200; n += 1) {
        known.add(process.argv[1] + n + ':1', '${someKey}');
        if (n % 2 === 1) known.remove(process.argv[1] + n + ':1');
      }`;
    const names = ['a', 'b', 'c', 'd'];
    const codes = names.map(async (name) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, name], {
        stdio: 'inherit',
      });
      return (await once(child, 'close'))[0] as number;
    });
    assert.deepEqual(await Promise.all(codes), [0, 0, 0, 0]);
    const known = new KnownHosts(path);
    for (const name of names) {
      for (let n = 0; n < 200; n += 1) {
        const { state } = known.check(`${name}${n}:1`, someKey);
        assert.equal(state, n % 2 === 0 ? 'known' : 'new', `${name}${n}`);
      }
    }
  });

  it('forgets a server whatever else is in the file', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'known_hosts');
    writeFileSync(
      path,
      Buffer.from(`# B\xfccher, \u00fc\nlab:1 ${someKey}\n  lab:1 ${someKey}\nlab:2 ${someKey}`, 'latin1'),
    );
    const known = new KnownHosts(path);
    assert.deepEqual(
      [known.remove('lab:1'), known.remove('lab:1'), known.remove('lab')],
      [true, false, false],
    );
    assert.deepEqual(
      ['lab:1', 'lab:2'].map((address) => known.check(address, someKey).state),
      ['new', 'known'],
    );
    assert.ok(readFileSync(path, 'latin1').startsWith('# B\xfccher, \xfc\n#ab:1 '));
  });

  it('is not written to where others may write too, behind a link either', () => {
    using folder = temporaryFolder();
    const shared = join(folder.path, 'shared');
    mkdirSync(shared);
    const [target, path] = [join(shared, 'file'), join(folder.path, 'known_hosts')];
    symlinkSync(target, path);
    const hosts = new KnownHosts(path);
    chmodSync(shared, 0o777);
    assert.throws(() => hosts.add('lab:1', someKey), { code: 'UNSAFE_PATH' });
    assert.equal(existsSync(target), false, 'something was made where others choose what it is');
    writeFileSync(target, `lab:1 ${someKey}\n`);
    for (const write of [() => hosts.add('other:1', someKey), () => hosts.remove('lab:1')])
      assert.throws(write, { code: 'UNSAFE_PATH' });
    assert.equal(readFileSync(target, 'utf8'), `lab:1 ${someKey}\n`);
    chmodSync(shared, 0o755);
    hosts.add('other:1', someKey);
    assert.equal(hosts.remove('lab:1'), true);
    assert.match(readFileSync(target, 'utf8'), /^#ab:1 .*\nother:1 .*\n$/);
  });

  it('is not used where others may write to it, behind a link either', () => {
    using folder = temporaryFolder();
    const target = join(folder.path, 'shared');
    writeFileSync(target, `lab:1 ${someKey}\n`);
    chmodSync(target, 0o666);
    const path = join(folder.path, 'known_hosts');
    symlinkSync(target, path);
    assert.throws(() => new KnownHosts(path).check('lab:1', someKey), {
      code: 'UNSAFE_PATH',
      message: /known_hosts must not be writable by others, .*: chmod go-w \S+known_hosts$/,
    });
    chmodSync(target, 0o644);
    assert.equal(new KnownHosts(path).check('lab:1', someKey).state, 'known');
  });
});
