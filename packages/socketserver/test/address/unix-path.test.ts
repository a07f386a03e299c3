import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { bindReplacingDead, SocketFile } from '../../src/address/unix-path.ts';

/** A directory for the length of a block. */
function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'unix-path-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Binds as an engine does. */
const bind = (path: string): net.BoundSocket => new net.BoundSocket({ path } as net.BoundSocketOptions);

/** Leaves the file of a socket behind that nobody serves any more: libuv unlinks the name it bound, not the new one. */
function leaveDeadSocket(path: string): void {
  const socket = bind(`${path}.first`);
  renameSync(`${path}.first`, path);
  socket.close();
}

describe('bindReplacingDead()', () => {
  it('binds a free path', () => {
    using directory = temporaryDirectory();
    bindReplacingDead(join(directory.path, 's'), () => bind(join(directory.path, 's'))).close();
  });

  it('replaces the file of a dead socket', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 's');
    leaveDeadSocket(path);
    assert.throws(() => bind(path), { code: 'EADDRINUSE' });
    bindReplacingDead(path, () => bind(path)).close();
  });

  it('leaves a socket alone that listens', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 's');
    await using server = net.createServer().listen(path);
    await once(server, 'listening');
    assert.throws(() => bindReplacingDead(path, () => bind(path)), { code: 'EADDRINUSE' });
    assert.ok(existsSync(path));
  });

  it('leaves a live socket alone that its name does not show', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 's');
    await using server = net.createServer().listen(`${path}.first`);
    await once(server, 'listening');
    renameSync(`${path}.first`, path);
    assert.throws(() => bindReplacingDead(path, () => bind(path)), { code: 'EADDRINUSE' });
  });

  it(
    'leaves a socket alone that is bound and does not listen yet',
    { skip: process.platform !== 'linux' },
    () => {
      using directory = temporaryDirectory();
      const path = join(directory.path, 's');
      const socket = bind(path);
      assert.throws(() => bindReplacingDead(path, () => bind(path)), { code: 'EADDRINUSE' });
      socket.close();
    },
  );

  it(
    'leaves a socket alone that is bound under another spelling of its path, and does not listen yet',
    { skip: process.platform !== 'linux' },
    () => {
      using directory = temporaryDirectory();
      const path = join(directory.path, 's');
      const linked = join(directory.path, 'linked');
      const away = process.cwd();
      mkdirSync(join(directory.path, 'real'));
      symlinkSync('real', linked);
      for (const [bound, given] of [
        ['./s', path],
        [path, './s'],
        [path, `${directory.path}/real/../s`],
        [join(linked, 's'), join(directory.path, 'real/s')],
      ] as const) {
        process.chdir(directory.path);
        const socket = bind(bound);
        assert.throws(() => bindReplacingDead(given, () => bind(given)), { code: 'EADDRINUSE' }, given);
        socket.close();
        process.chdir(away);
      }
    },
  );

  it(
    'replaces the file of a dead socket whose name another one has elsewhere',
    { skip: process.platform !== 'linux' },
    () => {
      using directory = temporaryDirectory();
      using elsewhere = temporaryDirectory();
      const path = join(directory.path, 's');
      leaveDeadSocket(path);
      const other = bind(join(elsewhere.path, 's'));
      bindReplacingDead(path, () => bind(path)).close();
      other.close();
    },
  );

  it('leaves a file alone that is no socket, and a link', () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, 'file');
    const link = join(directory.path, 'link');
    writeFileSync(file, 'precious');
    leaveDeadSocket(join(directory.path, 's'));
    symlinkSync(join(directory.path, 's'), link);
    for (const path of [file, link]) {
      assert.throws(() => bindReplacingDead(path, () => bind(path)), { code: 'EADDRINUSE' });
      assert.ok(existsSync(path));
    }
  });

  it('passes on what has nothing to do with an earlier socket', () => {
    let calls = 0;
    const fail = (): never => {
      calls += 1;
      throw Object.assign(new Error('bind EACCES'), { code: 'EACCES' });
    };
    assert.throws(() => bindReplacingDead('/run/s', fail), { code: 'EACCES' });
    assert.equal(calls, 1);
  });
});

describe('a SocketFile', () => {
  it('is removed once', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 's');
    leaveDeadSocket(path);
    const file = SocketFile.at(path);
    file?.remove();
    assert.ok(!existsSync(path));
    file?.remove();
  });

  it('is not removed when another one has taken its place', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 's');
    leaveDeadSocket(path);
    const file = SocketFile.at(path);
    leaveDeadSocket(`${path}.other`);
    renameSync(`${path}.other`, path);
    file?.remove();
    assert.ok(existsSync(path));
    unlinkSync(path);
  });

  it('does not exist for an abstract name', () => {
    assert.equal(SocketFile.at('\0name'), undefined);
  });
});
