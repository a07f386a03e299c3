import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startServer, type TestClient } from '../support/servers.ts';

/** Runs a line in a session. @returns what it wrote, and its code or signal. */
async function line(
  client: TestClient,
  shell: string,
  { session = 'prompt', ...more }: { session?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<readonly [string, unknown]> {
  const { stdout, stderr, end } = await client.run({ shell, session, ...more });
  return [stdout + stderr, end.exitCode ?? end.signal];
}

describe('the lines of a session', () => {
  it('begin where the one before has left directory and environment', async () => {
    await using started = await startServer();
    await using client = await started.client();
    assert.deepEqual(await line(client, 'cd /usr/bin; export A="1 \n 2"; B=unexported'), ['', 0]);
    assert.deepEqual(await line(client, 'pwd; echo "$A$B"'), ['/usr/bin\n1 \n 2\n', 0]);
    assert.deepEqual(await line(client, 'cd ..; cd -; unset A HOME'), ['/usr/bin\n', 0]);
    assert.deepEqual(await line(client, 'echo "${A-none} ${HOME-none}"'), ['none none\n', 0]);
    assert.deepEqual(await line(client, 'echo "$A"', { env: { A: 'given' } }), ['given\n', 0]);
    assert.deepEqual(await line(client, 'pwd', { cwd: '/' }), ['/\n', 0]);
  });

  it('are left as they were by a line that exports more than a program can be started with, which is told', async () => {
    await using started = await startServer();
    await using client = await started.client();
    assert.deepEqual(await line(client, 'cd /usr/bin; export A=1'), ['', 0]);
    const [told, code] = await line(
      client,
      'cd /; B=$(head -c 140000 /dev/zero | tr "\\0" x); export B; A=2; false',
    );
    assert.match(told, /^rcmd: the folder and the variables of this line are not kept: .*128 KiB a variable/);
    assert.equal(code, 1);
    assert.deepEqual(await line(client, 'pwd; echo "$A${B-none}"'), ['/usr/bin\n1none\n', 0]);
  });

  it('are left as they were where they cannot be saved, which is told as such', async () => {
    await using started = await startServer();
    await using client = await started.client();
    assert.deepEqual(await line(client, 'cd /usr/bin'), ['', 0]);
    const full = `trap '' XFSZ; ulimit -f 0; cd /`; // no file gets any bytes: as on a full disk
    const [told, code] = await line(client, full);
    assert.match(
      told,
      /^rcmd: the folder and the variables of this line are not kept: they could not be saved/,
    );
    assert.equal(code, 0);
    const [untold] = await line(client, `cd /; rm -r "\${rcmd_file%/*}"`);
    assert.match(untold, /could not be saved/);
    assert.deepEqual(await line(client, 'pwd'), ['/usr/bin\n', 0]);
  });

  it('do so after exit, set -e, a syntax error, an own trap, and an interrupt', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const cases: readonly (readonly [string, unknown])[] = [
      ['cd /usr; exit 3', 3],
      ['cd /bin; set -e; false; cd /', 1],
      ['cd /etc; set -efuxC; false', 1],
      ['cd /dev\nif', 2],
      ["cd /tmp; trap 'exit 5' EXIT; (exit 4)", 5],
      ['cd /proc; false || return 6', 6],
    ];
    for (const [text, code] of cases) {
      assert.equal((await line(client, text))[1], code, text);
      const [directory] = /\/\w+/.exec(text)!;
      assert.deepEqual(await line(client, 'pwd -L'), [`${directory}\n`, 0], text);
    }
    const channel = client.link.newChannel();
    // The program that runs says so itself: a shell that is interrupted while it starts one waits for its end.
    const shell = `cd /sys; sh -c 'echo ready; exec sleep 60'; echo on`;
    channel.open({ shell, session: 'prompt', stdin: false });
    assert.equal((await channel.stdout.read())?.toString(), 'ready\n');
    channel.signal('SIGINT');
    assert.equal((await channel.ended).signal, 'SIGINT');
    assert.equal(await channel.stdout.read(), undefined);
    assert.deepEqual(await line(client, 'pwd'), ['/sys\n', 0]);
  });

  it('stay as they were after a line that is killed or replaced', async () => {
    await using started = await startServer();
    await using client = await started.client();
    await line(client, 'cd /usr');
    assert.deepEqual(await line(client, 'cd /; kill -9 $$'), ['', 'SIGKILL']);
    assert.deepEqual(await line(client, 'cd /; exec echo replaced'), ['replaced\n', 0]);
    assert.deepEqual(await line(client, 'pwd'), ['/usr\n', 0]);
  });

  it('are told apart by the session’s name, and end with the connection', async () => {
    await using started = await startServer();
    await using client = await started.client();
    await line(client, 'cd /usr', { session: 'one' });
    assert.notEqual((await line(client, 'pwd', { session: 'other' }))[0], '/usr\n');
    await using second = await started.client();
    assert.notEqual((await line(second, 'pwd', { session: 'one' }))[0], '/usr\n');
    assert.deepEqual(readdirSync(join(started.paths.runtime, 'sessions')), []);
  });

  it('have a place to leave from when their directory is gone', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const folder = join(started.paths.state, 'a/b');
    mkdirSync(folder, { recursive: true });
    await line(client, `cd ${folder}`);
    rmSync(join(started.paths.state, 'a'), { recursive: true });
    assert.deepEqual(await line(client, 'pwd'), [`${started.paths.state}\n`, 0]);
  });

  it('stay as they were after a line that puts something else where the shell writes them', async () => {
    await using started = await startServer();
    await using client = await started.client();
    await line(client, 'cd /usr');
    const odd = [
      'mkdir -p "$rcmd_file/a"',
      'mkfifo "$rcmd_file"',
      'ln -s /dev/zero "$rcmd_file"',
      'truncate -s 3G "$rcmd_file"',
    ];
    for (const text of odd) {
      assert.deepEqual(await line(client, `${text}; rcmd_file=; cd /`), ['', 0], text);
      assert.deepEqual(await line(client, 'pwd'), ['/usr\n', 0], text);
    }
    assert.deepEqual(readdirSync(join(started.paths.runtime, 'sessions')), []);
  });

  it('see the variables that a command sees, and none of the machinery’s', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const names = async (session?: string) => {
      const request = { shell: 'env', ...(session === undefined ? {} : { session }) };
      const { stdout } = await client.run(request);
      return stdout
        .match(/^\w+(?==)/gm)!
        .filter((name) => !['_', 'OLDPWD'].includes(name))
        .toSorted();
    };
    const plain = await names();
    assert.deepEqual(await names('prompt'), plain);
    await client.run({ shell: 'set -a; x=1', session: 'prompt' });
    assert.deepEqual(await names('prompt'), [...plain, 'x'].toSorted());
  });
});
