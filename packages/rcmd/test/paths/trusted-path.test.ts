import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createPrivateFile, readPrivateFile, requireOwnFile } from '../../src/paths/private-file.ts';
import { makePrivateFolder } from '../../src/paths/rcmd-paths.ts';
import { requirePlainFile, requireTrustedFolders } from '../../src/paths/trusted-path.ts';
import { temporaryFolder } from '../support/commands.ts';

const isRoot = process.getuid?.() === 0;

describe('a folder above what is trusted', () => {
  it('may be writable by others only where each may remove no more than their own', () => {
    using folder = temporaryFolder();
    const above = join(folder.path, 'a b');
    const path = join(above, 'rcmd');
    mkdirSync(above);
    if (isRoot) chownSync(above, 0, 12_345);
    for (const mode of isRoot ? [0o770, 0o757] : [0o757]) {
      chmodSync(above, mode);
      assert.throws(() => makePrivateFolder(path), {
        code: 'UNSAFE_PATH',
        message: `${above}, above ${path}, must not be writable by others, who could replace what is in it: chmod go-w '${above}'`,
      });
    }
    chmodSync(above, 0o1777);
    makePrivateFolder(path);
    chmodSync(above, 0o755);
    makePrivateFolder(path);
  });

  it('is looked at wherever it is, and behind a link too', () => {
    using folder = temporaryFolder();
    const open = join(folder.path, 'open');
    const path = join(open, 'closed/config');
    mkdirSync(path, { recursive: true });
    const secret = createPrivateFile(join(path, 'secret'), 'x');
    assert.equal(readPrivateFile(join(path, 'secret')), secret);
    symlinkSync(path, join(folder.path, 'link'));
    chmodSync(open, 0o777);
    for (const file of [join(path, 'secret'), join(folder.path, 'link/secret')]) {
      for (const use of [readPrivateFile, requireOwnFile, requireTrustedFolders])
        assert.throws(() => use(file), { code: 'UNSAFE_PATH', message: new RegExp(`chmod go-w ${open}$`) });
    }
  });

  it(
    'must belong to the user who runs this, or to root',
    { skip: isRoot ? false : 'only root gives files away' },
    () => {
      using folder = temporaryFolder();
      const above = join(folder.path, 'theirs');
      const path = join(above, 'rcmd');
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chownSync(above, 12_345, 12_345);
      assert.throws(() => makePrivateFolder(path), {
        code: 'UNSAFE_PATH',
        message: `${above}, above ${path}, belongs to user 12345, and must belong to the user who runs this (0) or to root: chown 0 ${above}`,
      });
      chownSync(path, 12_345, 12_345);
      assert.throws(() => makePrivateFolder(path), { message: new RegExp(`: chown 0 ${path}$`) });
    },
  );
});

describe('a file that is written to', () => {
  it('must be no link, and nothing else but a file', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'history');
    requirePlainFile(path);
    writeFileSync(join(folder.path, 'other'), '');
    symlinkSync(join(folder.path, 'other'), path);
    assert.throws(() => requirePlainFile(path), {
      code: 'UNSAFE_PATH',
      message: `${path} is a link, and must be a file of the user who runs this: rm -r ${path}`,
    });
    requirePlainFile(join(folder.path, 'other'));
    assert.throws(() => requirePlainFile(folder.path), { message: /is no file, and must be a file/ });
  });
});
