import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createPrivateFile, readPrivateFile, requireOwnFile } from '../../src/paths/private-file.ts';
import { makePrivateFolder } from '../../src/paths/rcmd-paths.ts';
import { requirePlainFile, requireTrustedFolders } from '../../src/paths/trusted-path.ts';
import { foreign } from '../../src/paths/unsafe-path.ts';
import { temporaryFolder } from '../support/commands.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = { skip: isRoot ? false : 'only root gives files away' };
const elsewhere = 'name another folder, as with XDG_CONFIG_HOME, XDG_STATE_HOME or XDG_RUNTIME_DIR';
const unsafe = { code: 'UNSAFE_PATH' };

describe('a folder above what is trusted', () => {
  it('may be writable by others only where each may remove no more than their own', () => {
    using folder = temporaryFolder();
    const above = join(folder.path, 'a b');
    const path = join(above, 'state/rcmd');
    mkdirSync(above);
    if (isRoot) chownSync(above, 0, 12_345);
    // What root has opened to all is meant for all.
    const changes: [mode: number, change: string][] = isRoot
      ? [
          [0o770, 'go-w'],
          [0o757, '+t'],
        ]
      : [[0o757, 'go-w']];
    for (const [mode, change] of changes) {
      chmodSync(above, mode);
      assert.throws(() => makePrivateFolder(path), {
        code: 'UNSAFE_PATH',
        message: `${above}, above ${path}, must not be writable by others, who could replace what is in it; ${elsewhere}, or mend it: chmod ${change} '${above}'`,
      });
      assert.equal(existsSync(join(above, 'state')), false, 'something was left in a place that was refused');
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
        assert.throws(() => use(file), {
          code: 'UNSAFE_PATH',
          message: new RegExp(`chmod (go-w|[+]t) ${open}$`),
        });
    }
  });

  it('must belong to the user who runs this, or to root', asRoot, () => {
    using folder = temporaryFolder();
    const above = join(folder.path, 'theirs');
    const path = join(above, 'rcmd');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(above, 12_345, 12_345);
    assert.throws(() => makePrivateFolder(path), {
      code: 'UNSAFE_PATH',
      message: `${above}, above ${path}, belongs to user 12345, and must belong to the user who runs this (0) or to root; ${elsewhere}, or see what is there: ls -ld ${above}`,
    });
  });

  it('counts up to the home, also where that is a link', () => {
    using folder = temporaryFolder();
    const [open, disk] = [join(folder.path, 'open'), join(folder.path, 'open/disk')];
    mkdirSync(join(disk, 'ana/.config'), { recursive: true, mode: 0o700 });
    mkdirSync(join(disk, 'other'), { mode: 0o700 });
    symlinkSync('open/disk/ana', join(folder.path, 'home'));
    symlinkSync('../other', join(disk, 'ana/out'));
    chmodSync(open, 0o777);
    using _home = homeAt(join(folder.path, 'home'));
    requireTrustedFolders(join(folder.path, 'home/.config/rcmd'));
    requireTrustedFolders(join(disk, 'ana/.config/rcmd'));
    for (const path of ['home/out/rcmd', 'home/.config/../../other/rcmd', 'open/disk/other/rcmd'])
      assert.throws(() => requireTrustedFolders(`${folder.path}/${path}`), unsafe, path);
    chmodSync(join(disk, 'ana'), 0o777);
    assert.throws(() => requireTrustedFolders(join(disk, 'ana/.config/rcmd')), unsafe);
  });
});

describe('a link on the way', () => {
  it('is followed where nobody else can lead it elsewhere', () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'real'), { mode: 0o700 });
    mkdirSync(join(folder.path, 'links'), { mode: 0o700 });
    symlinkSync('../links/two', join(folder.path, 'links/one'));
    symlinkSync(join(folder.path, 'real'), join(folder.path, 'links/two'));
    const secret = createPrivateFile(join(folder.path, 'real/secret'), 'x');
    assert.equal(readPrivateFile(join(folder.path, 'links/one/secret')), secret);
  });

  it('must not stand in a folder that others may write to, whatever it is reached by', () => {
    using folder = temporaryFolder();
    const [real, shared] = [join(folder.path, 'real'), join(folder.path, 'shared')];
    mkdirSync(real, { mode: 0o700 });
    mkdirSync(shared);
    writeFileSync(join(real, 'keys'), '', { mode: 0o600 });
    symlinkSync(join(real, 'keys'), join(shared, 'hop'));
    symlinkSync(join(shared, 'hop'), join(folder.path, 'keys'));
    requireOwnFile(join(folder.path, 'keys'));
    chmodSync(shared, 0o777);
    assert.throws(() => requireOwnFile(join(folder.path, 'keys')), {
      ...unsafe,
      message: /shared, above \S+keys,/,
    });
  });

  it('must not be somebody else’s', asRoot, () => {
    using folder = temporaryFolder();
    const [real, shared] = [join(folder.path, 'real'), join(folder.path, 'shared')];
    mkdirSync(real, { mode: 0o700 });
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const link = join(shared, 'link');
    symlinkSync(real, link);
    requireTrustedFolders(join(link, 'rcmd'));
    lchownSync(link, 12_345, 12_345);
    assert.throws(() => requireTrustedFolders(join(link, 'rcmd')), {
      ...unsafe,
      message: `${link}, a link on the way to ${link}/rcmd, belongs to user 12345, and must belong to the user who runs this (0) or to root; see where it leads, and name that instead: ls -ld ${link}`,
    });
  });

  it('does not lead on for ever', () => {
    using folder = temporaryFolder();
    const link = join(folder.path, 'link');
    symlinkSync('link', link);
    assert.throws(() => requireTrustedFolders(link), { ...unsafe, message: /more than 40 links/ });
  });
});

describe('a user namespace with one user in it', () => {
  const module = new URL('../../src/paths/rcmd-paths.ts', import.meta.url).href;
  const within = ['--reuid=12345', '--regid=12345', '--clear-groups', 'unshare', '--user', '--map-root-user'];
  const run = (program: string): string =>
    spawnSync('setpriv', [...within, process.execPath, '--input-type=module', '--eval', program], {
      env: { PATH: process.env['PATH'], HOME: '/nowhere', NODE_NO_WARNINGS: '1' },
      encoding: 'utf8',
      timeout: 120_000,
    }).stdout.trim();
  const isPossible = isRoot && run(`await import('${module}'); console.log('loaded')`) === 'loaded';

  it(
    'has folders of the system’s as of somebody else, and files never',
    { skip: isPossible ? false : 'needs root, user namespaces, and a checkout that all may read' },
    () => {
      using folder = temporaryFolder();
      const own = join(folder.path, 'run');
      mkdirSync(own, { mode: 0o700 });
      chmodSync(folder.path, 0o755);
      writeFileSync(join(folder.path, 'file'), '');
      chownSync(own, 12_345, 12_345);
      const privateFile = new URL('private-file.ts', module).href;
      const said = run(`const { makePrivateFolder } = await import('${module}');
        const { requireOwnFile } = await import('${privateFile}');
        makePrivateFolder('${own}/rcmd');
        console.log('made');
        try { requireOwnFile('${folder.path}/file'); } catch (error) { console.log(error.message); }`);
      assert.match(
        said,
        /^made\n\S+file belongs to user \d+, and must .* \(0\); look at it, then remove it: rm \S+file$/,
      );
    },
  );
});

describe('what is somebody else’s', () => {
  it('is not made ours, unless it was root’s', asRoot, () => {
    using folder = temporaryFolder();
    const file = join(folder.path, '-a b');
    writeFileSync(file, '');
    assert.match(foreign('/x', statSync(file)).message, /belongs to user 0, .* \(0\): chown 0 \/x$/);
    chownSync(file, 12_345, 12_345);
    chownSync(folder.path, 12_345, 12_345);
    assert.match(foreign(file, statSync(file)).message, /; look at it, then remove it: rm '\S+-a b'$/);
    assert.match(foreign('-a b', statSync(file)).message, /: rm '.\/-a b'$/);
    assert.match(
      foreign('/x', statSync(folder.path)).message,
      /; name another folder, .* or look at it, then move it away: mv \/x \/x\.old$/,
    );
  });
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
      message: `${path} is a link, and must be a file of the user who runs this; look at it, then move it away or name another place: ls -ld ${path}`,
    });
    requirePlainFile(join(folder.path, 'other'));
    assert.throws(() => requirePlainFile(folder.path), {
      message: `${folder.path} is no file, and must be a file of the user who runs this; look at it, then move it away or name another place: ls -ld ${folder.path}`,
    });
  });
});

/** Lets this process have another home for a while. */
function homeAt(path: string): Disposable {
  const { HOME: before } = process.env;
  process.env['HOME'] = path;
  return {
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env['HOME'];
      else process.env['HOME'] = before;
    },
  };
}
