/** Where the groups of commands can be made: what docs/security.md says about services, sessions and containers, played with groups of our own. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needs } from '../support/needs.ts';
import { run } from '../support/programs.ts';

const program = fileURLToPath(new URL('programs/find-groups.ts', import.meta.url));
const somebody = 65_534;
const asSomebody = ['setpriv', '--reuid', somebody, '--regid', somebody, '--clear-groups'] as const;

/** Where cgroup v2 is mounted. */
const mount = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(mountsHere())?.[1];

function mountsHere(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return ''; // not Linux
  }
}

/** Makes a group for a test, as a service manager does for a service; disposing it takes it away. */
function makeGroup(): Disposable & { readonly folder: string } {
  const folder = join(mount!, `rcmd-test-${process.pid}`);
  mkdirSync(folder);
  return { folder, [Symbol.dispose]: () => rmdirSync(folder) };
}

/** Starts the program in a group. @returns what it says. */
async function findGroups(folder: string, ...how: readonly (string | number)[]): Promise<string> {
  const line = 'echo 0 >"$0/cgroup.procs" && exec "$@"';
  return (await run('sh', ['-c', line, folder, ...how, process.execPath, program])).trim();
}

/** Only root can make groups, and give them away. */
function needsGroups(): { readonly skip: string | false } {
  const programs = needs('setpriv', 'unshare');
  if (programs.skip !== false) return programs;
  if (process.getuid?.() !== 0) return { skip: 'only root can play a service manager' };
  if (mount === undefined) return { skip: 'this machine has no cgroup v2' };
  try {
    makeGroup()[Symbol.dispose]();
    return { skip: false };
  } catch (error) {
    return { skip: `this machine refuses control groups: ${(error as Error).message}` };
  }
}

describe('control groups for commands', needsGroups(), () => {
  it('can be made by root, and by a user to whom the group of the server was given (Delegate=yes)', async () => {
    using group = makeGroup();
    assert.match(await findGroups(group.folder), new RegExp(`^${group.folder}/rcmd-try-\\d+$`));
    for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control'])
      chownSync(join(group.folder, file), somebody, somebody);
    assert.match(
      await findGroups(group.folder, ...asSomebody),
      new RegExp(`^${group.folder}/rcmd-try-\\d+$`),
    );
  });

  it('are done without by a user to whom it was not, and where groups are mounted read-only, as in containers', async () => {
    using group = makeGroup();
    assert.equal(await findGroups(group.folder, ...asSomebody), 'none');
    const readOnly = `mount -o remount,bind,ro "$0" && exec "$@"`;
    assert.equal(await findGroups(group.folder, 'unshare', '--mount', 'sh', '-c', readOnly, mount!), 'none');
  });
});
