import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { Program } from '../support/program.ts';
import { Served } from '../support/served.ts';

let served: Served;
before(async () => {
  served = await Served.start();
  await served.exec(['--', 'printf', '\u001b]0;owned\u0007\u202e']);
  await served.exec(['-s', 'exit 3']);
  await served.exec(['--', 'no-such-program']);
});
after(() => served[Symbol.asyncDispose]());

describe('rcmd audit', () => {
  it('shows what ran, with nothing in it that a terminal obeys', async () => {
    const { code, stderr, stdout } = await served.machine.run(['audit']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.doesNotMatch(stdout, /[^\P{Cc}\n]|\p{Cf}/u);
    assert.match(
      stdout,
      /Z {2}start +unix {2}uid:\d+ {2}[\da-f]{8} {2}printf '\\u\{1b\}\]0;owned\\u\{7\}\\u\{202e\}'\n/,
    );
    assert.match(stdout, /start +unix {2}uid:\d+ {2}[\da-f]{8} {2}sh: exit 3\n/);
    assert.match(stdout, /end +unix {2}uid:\d+ {2}[\da-f]{8} {2}pid \d+ {2}exit 3 /);
    assert.match(stdout, /failed +unix {2}uid:\d+ .*no program "no-such-program"/);
    const json = (await served.machine.run(['audit', '--json'])).stdout;
    assert.doesNotMatch(json, /[^\P{Cc}\n]|\p{Cf}/u);
    assert.ok(
      json.split('\n').some((line) => line.includes('printf') && JSON.parse(line).argv[1].includes('\u202e')),
    );
  });

  it('searches', async () => {
    const lines = async (...args: string[]): Promise<number> =>
      (await served.machine.run(['audit', ...args])).stdout.split('\n').length - 1;
    assert.equal(await lines('exit 3', '--event', 'start'), 1);
    assert.match(
      (await served.machine.run(['audit', 'exit 3'])).stdout,
      /^.* sh: exit 3\n.* end .* exit 3 .*\n$/,
    );
    assert.equal(await lines('--event', 'start', '-n', '2'), 2);
    assert.equal(await lines('--since', '2999-01-01'), 0);
    assert.equal(await lines('--until', '1h'), 0);
    assert.equal(await lines('--user', 'nobody'), 0);
    const wrong = await served.machine.run(['audit', '--since', 'then']);
    assert.deepEqual([wrong.code, wrong.stdout], [125, '']);
    assert.match(wrong.stderr, /^rcmd: --since must be a time such as .*got "then"\n$/);
  });

  it('follows what comes, and only that which matches', async () => {
    await using follower = served.machine.rcmd(['audit', '-f', '--event', 'start', '-n', '1']);
    await follower.stdout.until(/no-such-program\n/);
    await served.exec(['--', 'echo', 'followed']);
    await follower.stdout.until(/echo followed\n/);
    assert.doesNotMatch(follower.stdout.text, /  end /);
  });

  it('follows a command to its end', async () => {
    await using follower = served.machine.rcmd(['audit', '-f', 'exit 5']);
    await served.exec(['-s', 'exit 5']);
    await follower.stdout.until(/sh: exit 5\n[^\n]* end [^\n]* exit 5 /);
  });

  it('follows a command to its end that began before, and is too old to be shown', async () => {
    const words = ['sh', '-c', 'echo up; read line; exit 6', 'earlier'];
    await using running = served.machine.rcmd(['exec', served.host, '--', ...words]);
    await running.stdout.until(/up\n/);
    await served.exec(['--', 'true', 'earlier']);
    await using follower = served.machine.rcmd(['audit', '-f', '-n', '1', 'earlier']);
    await follower.stdout.until(/ exit 0 /); // of the newer one
    running.write('\n');
    await follower.stdout.until(/ end [^\n]* exit 6 /);
    assert.doesNotMatch(follower.stdout.text, /read line/);
  });

  it('finds what was changed', async () => {
    const { machine } = served;
    const well = await machine.run(['audit', '--verify']);
    assert.deepEqual([well.code, well.stderr], [0, '']);
    const folder = machine.file('.local/state/rcmd/audit');
    const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    const file = files
      .map((name) => join(folder, name))
      .find((path) => readFileSync(path, 'utf8').includes('exit 3'))!;
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('exit 3', 'exit 0'));
    const bad = await machine.run(['audit', '--verify']);
    writeFileSync(file, text);
    assert.deepEqual([bad.code, bad.stdout], [1, '']);
    assert.match(bad.stderr, /^rcmd: \S+\.jsonl, line \d+: the line was changed\n$/);
  });

  for (const [options, code] of [
    ['', 125],
    ['--allow-unrecorded', 0],
  ] as const) {
    it(`that is full: a command ends with ${code} where it is served with ${options || 'no option'}`, async () => {
      using machine = new Machine();
      const host = `unix:${machine.file('run/s.sock')}`;
      const start = `ulimit -f 8; exec ${machine.commandLine} serve --listen '${host}' ${options}`; // 4 KiB a file
      await using server = new Program(['sh', '-c', start], machine.env);
      await server.stdout.until('listening on');
      const exec = ['exec', host, '--', 'true', 'x'.repeat(3_000)];
      assert.equal((await machine.run(exec)).code, 0);
      const ran = await machine.run(exec);
      assert.equal(ran.code, code);
      if (code !== 0) assert.match(ran.stderr, /^rcmd: Nothing was run: its record cannot be written\n$/);
      await server.stderr.until('the audit cannot be written: ');
    });
  }

  it('shows nothing where nothing ever ran', async () => {
    using machine = new Machine();
    const { code, stderr, stdout } = await machine.run(['audit']);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });
});
