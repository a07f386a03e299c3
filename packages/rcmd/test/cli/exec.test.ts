import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { untilGone } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { Program } from '../support/program.ts';
import { Served } from '../support/served.ts';

let served: Served;
before(async () => {
  served = await Served.start();
});
after(() => served[Symbol.asyncDispose]());

/** What each of these ends with, and a part of what it says itself. */
const exits: readonly (readonly [name: string, words: readonly string[], code: number, says: RegExp])[] = [
  ['success', ['--', 'true'], 0, /^$/],
  ['the code of the command', ['--', 'sh', '-c', 'exit 44'], 44, /^$/],
  ['255 where the command says so', ['-s', 'exit 255'], 255, /^$/],
  ['128 and the signal', ['-s', 'kill -KILL $$'], 137, /^$/],
  ['127 for what is not there', ['--', 'no-such-program'], 127, /^rcmd: .*no program "no-such-program"/],
  ['126 for what cannot be run', ['--', '/etc/passwd'], 126, /^rcmd: .*"\/etc\/passwd" cannot be executed/],
];

describe('rcmd exec ends with', () => {
  for (const [name, words, code, says] of exits) {
    it(name, async () => {
      const end = await served.exec(words);
      assert.deepEqual([end.code, end.stdout], [code, '']);
      assert.match(end.stderr, says);
    });
  }

  it('124 when time is up', async () => {
    const end = await served.exec(['--', 'sleep', '60'], { options: ['--timeout', '50ms'] });
    assert.deepEqual([end.code, end.stderr], [124, 'rcmd: the command was ended: it took too long\n']);
    const idle = await served.exec(['--', 'sleep', '60'], { options: ['--idle-timeout', '50ms', '-q'] });
    assert.deepEqual([idle.code, idle.stdout, idle.stderr], [124, '', '']);
  });

  it('125 and one line where rcmd fails', async () => {
    const { machine } = served;
    const nobody = await machine.run(['exec', 'unix:/nonexistent/socket', '--', 'true']);
    assert.deepEqual([nobody.code, nobody.stdout], [125, '']);
    assert.match(nobody.stderr, /^rcmd: [^\n]*\/nonexistent\/socket[^\n]*\n$/);
    const refused = await served.exec(['--', 'true'], { options: ['-e', 'LD_PRELOAD=/x'] });
    assert.deepEqual(
      [refused.code, refused.stderr],
      [125, 'rcmd: Nothing was run: the variable LD_PRELOAD may not be set\n'],
    );
    const bad = await served.exec(['--', 'true'], { options: ['--timeout', 'soon'] });
    assert.deepEqual(
      [bad.code, bad.stderr],
      [125, 'rcmd: --timeout must be a length of time such as 30s or 5m, got "soon"\n'],
    );
  });
});

describe('rcmd exec', () => {
  it('passes arguments as they are, and tells the streams apart', async () => {
    const words = [
      '--',
      'sh',
      '-c',
      'printf "%s|" "$@"; echo bad >&2',
      '-',
      'a b',
      '*',
      '$HOME',
      '',
      '-n',
      '--',
      'ü',
    ];
    const { code, stderr, stdout } = await served.exec(words);
    assert.deepEqual([code, stdout, stderr], [0, 'a b|*|$HOME||-n|--|ü|', 'bad\n']);
  });

  it('gives the command a file, or a named pipe, that is our input', async () => {
    const { host, machine } = served;
    const [file, pipe] = [machine.file('input'), machine.file('pipe')];
    writeFileSync(file, 'from a file\n');
    const exec = `${machine.commandLine} exec '${host}' -- cat`;
    const lines = `${exec} < '${file}'; mkfifo '${pipe}'; echo 'from a pipe' > '${pipe}' & ${exec} < '${pipe}'`;
    await using shell = new Program(['sh', '-c', lines], machine.env);
    const { code, stderr, stdout } = await shell.ended();
    assert.deepEqual([code, stdout, stderr], [0, 'from a file\nfrom a pipe\n', '']);
  });

  it('gives the command our input, and none with -n', async () => {
    const bytes = randomBytes(3 * 1_048_576);
    const { stdout } = await served.exec(['--', 'sha256sum'], { input: bytes });
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
    const none = await served.exec(['--', 'wc', '-c'], { input: 'some', options: ['-n'] });
    assert.equal(none.stdout.trim(), '0');
  });

  it(
    'gives the command what is typed with -i, and nothing of a terminal without',
    needs('python3'),
    async () => {
      await using without = served.machine.terminal(['exec', served.host, '--', 'cat']);
      assert.equal((await without.ended()).code, 0);
      const words = ['--', 'sh', '-c', 'read -r line; echo "got $line"'];
      await using typed = served.machine.terminal(['exec', '-i', served.host, ...words]);
      typed.write('a line\r');
      await typed.stdout.until(/got a line\r\n/);
      assert.equal((await typed.ended()).code, 0);
    },
  );

  it('ends while its input is still open', async () => {
    await using program = served.machine.rcmd(['exec', served.host, '--', 'echo', 'done']);
    const { code, stdout } = await program.ended();
    assert.deepEqual([code, stdout], [0, 'done\n']);
  });

  it('sets variables and the directory', async () => {
    const options = ['-e', 'A=x=y', '-e', 'B', '-e', 'C', '-w', '/usr'];
    const { stdout } = await served.exec(['-s', 'echo "$A,$B,${C-unset}"; pwd'], {
      options,
      env: { B: 'ours' },
    });
    assert.equal(stdout, 'x=y,ours,unset\n/usr\n');
  });

  it('says before it connects what does not fit a request, and the way around', async () => {
    const words = ['--', 'true', 'x'.repeat(70_000)];
    const { code, stderr } = await served.machine.run(['exec', 'unix:/nonexistent/socket', ...words]);
    assert.equal(code, 125);
    assert.match(
      stderr,
      /^rcmd: Nothing was run: its arguments and variables have 70\d\d\d bytes as JSON, where a request holds 64512: send more through the input, .*\n$/,
    );
  });

  it('writes bytes as they are', async () => {
    const program = `printf '\\033[31m\\000\\377'`;
    const child = spawn(
      'sh',
      ['-c', `${served.machine.commandLine} exec ${served.host} -s ${JSON.stringify(program)} | od -An -tx1`],
      {
        env: served.machine.env,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    assert.equal((await text(child.stdout)).trim(), '1b 5b 33 31 6d 00 ff');
  });

  it('says in a line that its output cannot be written', async () => {
    const { machine, host } = served;
    const line = `${machine.commandLine} exec '${host}' echo hi >/dev/full`;
    await using writing = new Program(['sh', '-c', line], machine.env);
    const { code, stderr } = await writing.finish();
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: standard output cannot be written: ENOSPC.*\n$/);
  });

  it('ends quietly when nobody reads any more', async () => {
    const line = `${served.machine.commandLine} exec ${served.host} -- yes | head -n 2000 | wc -l; exit "\${PIPESTATUS[0]}"`;
    const child = spawn('bash', ['-c', line], { env: served.machine.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    assert.deepEqual([stdout.trim(), stderr, code], ['2000', '', 141]);
  });

  it('tells everything as one object with --json', async () => {
    const { code, stderr, stdout } = await served.exec(['-s', `printf 'a\\233\\n'; echo b >&2; exit 4`], {
      options: ['--json'],
    });
    assert.deepEqual([code, stderr], [4, '']);
    assert.ok(!/[\u0080-\u009f]/.test(stdout));
    const { durationMs, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
    assert.match(String(durationMs), /^(?!0$)\d+(\.\d{1,3})?$/);
    const command = `printf 'a\\233\\n'; echo b >&2; exit 4`;
    assert.deepEqual(rest, {
      host: served.host,
      command,
      exitCode: 4,
      isTruncated: false,
      stdout: 'a\ufffd\n',
      stderr: 'b\n',
    });
    const failed = await served.exec(['--', 'nope'], { options: ['--json'] });
    assert.equal(failed.code, 127);
    assert.equal((JSON.parse(failed.stdout) as { error: { code: string } }).error.code, 'NOT_FOUND');
  });

  it('says more with -v', async () => {
    const { stderr } = await served.exec(['--', 'true'], { options: ['-v'] });
    assert.match(stderr, /^rcmd: connected to unix:.*\nrcmd: process \d+, command \S+\nrcmd: \d/);
  });

  it('takes HOST from RCMD_HOST, and from the targets of the configuration', async () => {
    const { machine } = served;
    const byVariable = await machine.run(['exec', '--', 'echo', 'hi'], { env: { RCMD_HOST: served.host } });
    assert.equal(byVariable.stdout, 'hi\n');
    const line = await machine.run(['exec', '-s', 'echo a | tr a b'], { env: { RCMD_HOST: served.host } });
    assert.deepEqual([line.stdout, line.stderr], ['b\n', '']);
    mkdirSync(machine.file('.config/rcmd'), { recursive: true, mode: 0o700 });
    const box = { address: served.host, workdir: '/usr', env: { A: '1', B: '1' }, timeout: '20s' };
    writeFileSync(machine.file('.config/rcmd/config.json'), JSON.stringify({ targets: { box } }));
    const byName = await machine.run(['exec', '-e', 'B=2', 'box', '-s', 'echo $A$B; pwd']);
    assert.equal(byName.stdout, '12\n/usr\n');
    const nowhere = await machine.run(['exec', '--', 'echo']);
    assert.equal(nowhere.code, 125);
    assert.match(nowhere.stderr, /^rcmd: Name a server: .*RCMD_HOST\n$/);
  });

  it('gives the command the first Ctrl-C, and ends at the second', async () => {
    const { host, machine } = served;
    await using kind = machine.rcmd([
      'exec',
      host,
      '-s',
      `trap 'echo caught; exit 3' INT; echo ready; sleep 60 & wait`,
    ]);
    await kind.stdout.until(/ready\n/);
    kind.kill('SIGINT');
    const end = await kind.ended();
    assert.deepEqual([end.code, end.stdout], [3, 'ready\ncaught\n']);

    await using stubborn = machine.rcmd([
      'exec',
      host,
      '-s',
      `trap 'echo caught' INT; echo $$; while :; do sleep 0.05; done`,
    ]);
    const [, pid] = await stubborn.stdout.until(/(\d+)\n/);
    stubborn.kill('SIGINT');
    await stubborn.stdout.until(/caught\n/);
    stubborn.kill('SIGINT');
    assert.equal((await stubborn.ended()).code, 130);
    await untilGone(Number(pid));
  });

  it('sets PATH where the server was told to accept it, and only there', async () => {
    const words = ['-s', 'echo $PATH'];
    const options = ['-e', 'PATH=/other'];
    const refused = await served.exec(words, { options });
    assert.deepEqual([refused.code, refused.stdout], [125, '']);
    assert.match(refused.stderr, /the variable PATH may not be set/);
    await using accepting = await Served.start(['--listen', '127.0.0.1:0', '--accept-env', 'PATH']);
    assert.equal((await accepting.exec(words, { options })).stdout, '/other\n');
  });

  it('leaves nothing behind when it is ended', async () => {
    const { host, machine } = served;
    await using program = machine.rcmd(['exec', host, '-s', 'echo $$; exec sleep 1000']);
    const [, pid] = await program.stdout.until(/(\d+)\n/);
    program.kill('SIGTERM');
    assert.equal((await program.ended()).code, 143);
    await untilGone(Number(pid));
  });

  it('repeats no value of a variable', async () => {
    const { machine } = served;
    const options = ['-v', '-e', 'TOKEN=hush', '-e', 'LD_X=hush'];
    const { stderr } = await served.exec(['--', 'true'], { options });
    assert.ok(!stderr.includes('hush'));
    assert.ok(existsSync(machine.file('.local/state/rcmd/audit')));
    assert.ok(!(await machine.run(['audit', '--json'])).stdout.includes('hush'));
    assert.ok(!served.server.stderr.text.includes('hush'));
  });
});
