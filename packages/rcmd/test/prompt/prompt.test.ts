import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { editorIn } from '../../src/prompt/needs-terminal.ts';
import { untilGone } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { Served } from '../support/served.ts';
import { Machine } from '../support/machine.ts';

let served: Served;
before(async () => {
  served = await Served.start();
});
after(() => served[Symbol.asyncDispose]());

const ctrlC = '\u0003';
const ctrlD = '\u0004';
const up = '\u001b[A';
const prompt = />> /;

describe('lines that are piped in', () => {
  it('run in order, and the exit code is that of the last one', async () => {
    const { code, stderr, stdout } = await served.machine.run(['shell', served.host], {
      input: 'echo one\n\n  \necho two >&2; false\ncat\nexit 3\n',
    });
    assert.deepEqual([code, stdout, stderr], [3, 'one\n', 'two\n']);
    const last = await served.machine.run(['shell', served.host], { input: 'sh -c "exit 9"' });
    assert.equal(last.code, 9);
    const left = await served.machine.run(['shell', served.host], { input: 'false\nexit 4\necho never\n' });
    assert.deepEqual([left.code, left.stdout], [4, '']);
  });

  it('keep directory and variables from one to the next', async () => {
    const { stdout } = await served.machine.run(['shell', '-w', '/usr', '-e', 'B=1', served.host], {
      input: 'pwd; echo $B\ncd lib; export A=7\npwd; echo $A$B\n',
    });
    assert.equal(stdout, '/usr\n1\n/usr/lib\n71\n');
  });

  it('run as one command where they are one, and the audit has it on one line', async () => {
    await using own = await Served.start();
    const { code, stderr, stdout } = await own.machine.run(['shell', own.host], {
      input:
        'cat <<A\necho "never\nA\ncd /usr &&\nexport B=$(\n  echo 1\n)\nfor i in $B 2\ndo\n  echo $i $PWD\ndone\n',
    });
    assert.deepEqual([code, stdout, stderr], [0, 'echo "never\n1 /usr\n2 /usr\n', '']);
    const audit = await own.machine.run(['audit']);
    assert.match(audit.stdout, /cat <<A\\necho /);
  });

  it('that never make a command run nothing, and it is told where they begin', async () => {
    const { code, stderr, stdout } = await served.machine.run(['shell', served.host], {
      input: 'echo one\n\ncat <<END\necho never\n',
    });
    assert.deepEqual([code, stdout], [125, 'one\n']);
    assert.equal(
      stderr,
      'rcmd: line 3: Nothing was run: the input ended while looking for the end of the here-document, END\n',
    );
  });

  it('that cannot be sent are told of, and the others run', async () => {
    const { code, stderr, stdout } = await served.machine.run(['shell', served.host], {
      input: `echo a\0b\n: ${'x'.repeat(70_000)}\necho on\n`,
    });
    assert.deepEqual([code, stdout], [0, 'on\n']);
    assert.match(
      stderr,
      /^rcmd: Nothing was run: the line has a NUL byte after 6 characters, and must be text without NUL\nrcmd: Nothing was run: .* where a request holds 64512: .*\n$/,
    );
  });

  it('run on a private server, where none is named, of which nothing is left', async () => {
    using machine = new Machine();
    const { code, stderr, stdout } = await machine.run([], { input: 'echo it runs\necho $RCMD_CLIENT\n' });
    assert.deepEqual([code, stdout, stderr], [0, 'it runs\nunix\n', '']);
  });

  it('fail with one line where the server is not there, or goes away', async () => {
    const nobody = await served.machine.run(['shell', 'unix:/nonexistent/socket'], { input: 'true\n' });
    assert.equal(nobody.code, 125);
    assert.match(nobody.stderr, /^rcmd: [^\n]*\/nonexistent\/socket[^\n]*\n$/);
    await using other = await Served.start();
    await using program = other.machine.rcmd(['shell', other.host]);
    program.write('echo here; sleep 60\n');
    await program.stdout.until(/here\n/);
    other.server.kill('SIGKILL');
    const lost = await program.ended();
    assert.equal(lost.code, 125);
    assert.match(lost.stderr, /^rcmd: The connection was lost: [^\n]*\n$/);
  });
});

describe('the prompt', needs('python3'), () => {
  it('shows output as it comes, errors in red, exit codes that are not 0, and leaves with Ctrl-D', async () => {
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until(/Connected to .*Ctrl-D leaves\./s);
    await shell.stdout.until(prompt);
    const flag = served.machine.file('out-was-shown'); // two pipes have no order of their own
    shell.write(`printf out; while ! [ -e ${flag} ]; do sleep 0.05; done; echo bad >&2; exit 7; \r`);
    await shell.stdout.until(/\nout/);
    writeFileSync(flag, '');
    await shell.stdout.until('\u001b[31mbad\r\n\u001b[0m\u001b[2m[exit 7]');
    await shell.stdout.until(prompt);
    shell.write('printf abc\r');
    await shell.stdout.until(/abc\r\n/);
    await shell.stdout.until(prompt);
    shell.write(ctrlD);
    assert.equal((await shell.ended()).code, 0);
  });

  it('says of an editor that it has no terminal here', async () => {
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until(prompt);
    shell.write('export PATH=/nowhere\r');
    await shell.stdout.until(prompt);
    shell.write('vi notes.txt\r');
    await shell.stdout.until('rcmd: vi needs a terminal, and commands have none here: Ctrl-C ends it');
    await shell.stdout.until('[exit 127]');
    assert.equal(editorIn('echo vi'), undefined);
    assert.equal(editorIn('/usr/bin/nano'), 'nano');
  });

  it('shows no colours where NO_COLOR is set', async () => {
    await using shell = served.machine.terminal(['shell', served.host], { env: { NO_COLOR: '1' } });
    await shell.stdout.until(prompt);
    shell.write('echo bad >&2; false\r');
    await shell.stdout.until(/\nbad\r\n\[exit 1\]\r\n/);
    // oxlint-disable-next-line eslint/no-control-regex
    assert.ok(!/\u001b\[\d*m/.test(shell.stdout.text));
  });

  it('gives Ctrl-C to the command, harder each time, and stays', async () => {
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until(prompt);
    shell.write(
      `trap 'echo asked' TERM; trap 'echo caught' INT; echo pid $$.; while :; do sleep 0.05; done\r`,
    );
    const [, pid] = await shell.stdout.until(/pid (\d+)\./);
    shell.write(ctrlC);
    await shell.stdout.until(/caught/);
    shell.write(ctrlC);
    await shell.stdout.until(/asked/);
    shell.write(ctrlC);
    await shell.stdout.until(/\[exit 137\]/);
    await untilGone(Number(pid));
    await shell.stdout.until(prompt);
    shell.write(`half a line${ctrlC}`);
    await shell.stdout.until(prompt);
    shell.write('echo still here\r');
    await shell.stdout.until(/\nstill here/);
  });

  it('has its terminal back after a command that left it drawn upon', async () => {
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until(prompt);
    shell.write(`printf '\\033[?25l\\033[?1049h\\033P'\r`);
    await shell.stdout.until('\u001b[?25l\u001b[?1049h\u001bP');
    await shell.stdout.until(
      '\u001b\\\u001b[0m\u000f\u001b(B\u001b[4l\u001b>\u001b[?7;25h\u001b[?1000;1002;1003;1004;1006;2004;1l\u001b[?1049l',
    );
    await shell.stdout.until(prompt);
  });

  it('continues a command that is not whole, and remembers it as one', async () => {
    using machine = new Machine();
    {
      await using shell = machine.terminal([]);
      await shell.stdout.until(prompt);
      shell.write('echo "one\r');
      await shell.stdout.until(/\.\. /);
      shell.write(ctrlC);
      await shell.stdout.until(prompt);
      shell.write('if true\r');
      await shell.stdout.until(/\.\. /);
      shell.write(ctrlD);
      await shell.stdout.until(/rcmd: Nothing was run: the input ended while looking for fi/);
      await shell.stdout.until(prompt);
      shell.write(`cat <<A\r`);
      await shell.stdout.until(/\.\. /);
      shell.write('a body\rA\r');
      await shell.stdout.until(/\na body\r\n/);
      await shell.stdout.until(prompt);
      shell.write(`${up}\r`);
      await shell.stdout.until(/\na body\r\n/);
      await shell.stdout.until(prompt);
      shell.write(ctrlD);
      assert.equal((await shell.ended()).code, 0);
    }
    const history = machine.file('.local/state/rcmd/history');
    assert.equal(readFileSync(history, 'utf8'), 'cat <<A\\\na body\\\nA\n');
    await using shell = machine.terminal([]);
    await shell.stdout.until(prompt);
    shell.write(`${up}\r`);
    await shell.stdout.until(/\na body\r\n/);
  });

  it('leaves editing to a terminal that obeys nothing', async () => {
    await using shell = served.machine.terminal(['shell', served.host], { env: { TERM: 'dumb' } });
    await shell.stdout.until(prompt);
    shell.write(`printf 'hopX\u007fe\\n\\033[31m'\r`);
    await shell.stdout.until(/\nhope\r\n/);
    await shell.stdout.until(prompt);
    shell.write('echo "one\r');
    await shell.stdout.until(/\.\. /);
    shell.write(ctrlC);
    await shell.stdout.until(prompt);
    shell.write('cat <<A\r');
    await shell.stdout.until(/\.\. /);
    shell.write('one␊\rtwo\rA\r'); // as when it is pasted
    await shell.stdout.until(/\nA\r\n[. ]*one␊\r\ntwo\r\n>> $/);
    shell.write(`half a line${ctrlC}`);
    await shell.stdout.until(prompt);
    shell.write('exit 5\r');
    const { code, stdout } = await shell.ended();
    assert.equal(code, 5);
    // oxlint-disable-next-line eslint/no-control-regex
    assert.deepEqual(stdout.match(/\u001b\S*/g), ['\u001b[31m']);
  });

  it('remembers lines for the next one, but not those that begin with a space', async () => {
    using machine = new Machine();
    const history = machine.file('.local/state/rcmd/history');
    for (const line of ['echo first', ' echo hush']) {
      await using shell = machine.terminal([]);
      await shell.stdout.until(prompt);
      shell.write(`${line}\r`);
      await shell.stdout.until(/\n(first|hush)\r\n/);
      await shell.stdout.until(prompt);
      shell.write(ctrlD);
      await shell.ended();
    }
    assert.equal(readFileSync(history, 'utf8'), 'echo first\n');
    assert.equal(statSync(history).mode & 0o777, 0o600);
    await using shell = machine.terminal([]);
    await shell.stdout.until(prompt);
    shell.write(`${up} again\r`);
    await shell.stdout.until(/\nfirst again\r\n/);
  });

  it('tells after a while of silence that the command runs, and wipes that away', async () => {
    const flag = served.machine.file('flag');
    await using shell = served.machine.terminal(['shell', served.host]);
    await shell.stdout.until(prompt);
    shell.write(`echo begun; while ! [ -e ${flag} ]; do sleep 0.05; done; echo done\r`);
    await shell.stdout.until(/begun\r\n/);
    await shell.stdout.until(/[⠋-⠿] \d+\.\ds, 6 B/);
    writeFileSync(flag, '');
    await shell.stdout.until('\r\u001b[Kdone\r\n');
    await shell.stdout.until(prompt);
  });

  it('says that the connection was lost, and connects again', async () => {
    await using other = await Served.start();
    const { host, machine } = other;
    await using shell = machine.terminal(['shell', host]);
    await shell.stdout.until(prompt);
    other.server.kill('SIGKILL');
    await other.server.ended();
    await shell.stdout.until(/rcmd: The connection was lost/);
    await using again = machine.rcmd(['serve', '--listen', host]);
    await again.stdout.until(/listening/);
    shell.write('echo back\r');
    await shell.stdout.until(/Connect again\? \[Y\/n\] /);
    shell.write('y\r');
    await shell.stdout.until(/\nback\r\n/);
    shell.write(' echo hush\r');
    await shell.stdout.until(/\nhush\r\n/);
    shell.write(`${up} and forth\r`); // neither the answer nor what begins with a space
    await shell.stdout.until(/\nback and forth\r\n/);
    again.kill('SIGKILL');
    await shell.stdout.until(/rcmd: The connection was lost/);
    shell.write('\r');
    const [question] = await shell.stdout.until(/[^]*Connect again\? \[Y\/n\] /);
    assert.ok(!question.includes('was lost'), question); // it has been told
    shell.write('n\r');
    assert.equal((await shell.ended()).code, 125);
  });
});
