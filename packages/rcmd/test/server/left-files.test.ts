import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/commands.ts';
import { startServer, testPaths } from '../support/servers.ts';

/** What a server has there while it runs, were it the process of that number. */
function leave(runtime: string, pid: number): void {
  mkdirSync(join(runtime, 'pipes', `${pid}-0123abcd`), { recursive: true, mode: 0o700 });
  writeFileSync(join(runtime, 'pipes', `${pid}-0123abcd`, '1'), '');
  for (const folder of ['cores', 'sessions']) {
    mkdirSync(join(runtime, folder), { recursive: true, mode: 0o700 });
    writeFileSync(join(runtime, folder, `${pid}-0123abcd`), '');
  }
  writeFileSync(join(runtime, `private-${pid}.sock`), '');
}

/** All files that bear the number of a process. */
function filesOf(runtime: string, pid: number): string[] {
  return readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter((path) =>
    new RegExp(`(^|/|private-)${pid}[-.]`).test(path),
  );
}

describe('a server that starts', () => {
  it('removes the files of those that were killed, and of nobody who lives', async () => {
    using folder = temporaryFolder();
    const { socket, ...paths } = testPaths(folder.path);
    const dead = spawnSync('true').pid;
    const living = process.ppid;
    for (const pid of [dead, living]) leave(paths.runtime, pid);
    const before = filesOf(paths.runtime, living);
    assert.equal(before.length, 5);
    writeFileSync(join(paths.runtime, `other-${dead}.sock`), '');

    await using started = await startServer({ listen: `unix:${socket}`, paths });
    assert.equal(started.paths.runtime, paths.runtime);
    assert.deepEqual(filesOf(paths.runtime, dead), []);
    assert.deepEqual(filesOf(paths.runtime, living), before);
    assert.ok(readdirSync(paths.runtime).includes(`other-${dead}.sock`), 'a name that is not ours');
  });

  it('can tell whose the files of its sessions are', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { stdout } = await client.run({ shell: 'echo "$rcmd_file"', session: 'prompt' });
    assert.match(basename(stdout), new RegExp(`^${process.pid}-`));
  });
});
