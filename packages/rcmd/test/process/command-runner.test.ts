import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlGroup, ControlGroups } from '../../src/process/control-groups.ts';
import { inheritedDescriptors } from '../../src/process/inherited-descriptors.ts';
import { killMarked } from '../../src/process/marked-processes.ts';
import { CommandStartError } from '../../src/process/command-start-error.ts';
import {
  commandSpec,
  finish,
  readAll,
  shellSpec,
  startRunner,
  temporaryFolder,
  untilCleared,
  untilGone,
  withTimeFor,
} from '../support/commands.ts';
import { until } from '../../../socketserver/test/support/until.ts';

const signals: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGKILL',
  'SIGALRM',
];

/** The descriptors that this process has open: some are closed only a while after what they served. */
const descriptors = (): string[] => readdirSync('/proc/self/fd');

/** Whether Node starts the commands: `by-node.test.ts` runs these tests so. */
const isByNode = process.env['SOCKETSERVER_ENGINE'] === 'node';

for (const pipes of ['auto', 'named'] as const) {
  describe(`the pipes of a command, ${pipes}`, () => {
    it('carry much in both directions, unchanged', async () => {
      await using started = await startRunner({ pipes });
      const command = await started.runner.run(commandSpec(['cat'], { stdin: true }), 'me');
      const sent = createHash('sha256');
      const received = createHash('sha256');
      const writing = (async () => {
        for (let count = 0; count < 256; count += 1) {
          const piece = Buffer.alloc(65_536, count);
          sent.update(piece);
          assert.ok(await command.write(piece));
        }
        command.endInput();
      })();
      for (;;) {
        const bytes = await command.read('stdout', 30_000);
        if (bytes === undefined) break;
        assert.ok(bytes.length <= 30_000);
        received.update(bytes);
      }
      await writing;
      assert.equal(received.digest('hex'), sent.digest('hex'));
      assert.equal(await readAll(command, 'stderr'), '');
      assert.equal((await command.ended).stdinBytes, 256 * 65_536);
    });

    it('do not mix, whichever of them is read when', async () => {
      await using started = await startRunner({ pipes });
      const script =
        'i=0; while [ $i -lt 20 ]; do head -c 65536 /dev/zero | tr "\\0" e >&2; echo out; i=$((i+1)); done';
      const { stdout, stderr } = await finish(await started.runner.run(shellSpec(script), 'me'));
      assert.equal(stdout, 'out\n'.repeat(20));
      assert.ok(stderr === 'e'.repeat(20 * 65_536));
    });

    it('are handed out to many at once', async () => {
      await using started = await startRunner({ pipes });
      const runs = Array.from({ length: 50 }, async (_, index) => {
        const command = await started.runner.run(shellSpec(`cat; echo ${index} >&2`, { stdin: true }), 'me');
        await command.write(Buffer.from(String(index)));
        command.endInput();
        const { stdout, stderr } = await finish(command);
        assert.deepEqual([stdout, stderr], [String(index), `${index}\n`]);
      });
      await Promise.all(runs);
    });
  });
}

describe('a command', () => {
  it('is run from its arguments, which no shell sees', async () => {
    await using started = await startRunner();
    const command = await started.runner.run(commandSpec(['printf', '%s|', '$HOME', 'a b', '*', ';']), 'me');
    const { stdout, stderr, end } = await finish(command);
    assert.deepEqual([stdout, stderr, end.exitCode, end.signal], ['$HOME|a b|*|;|', '', 0, undefined]);
    assert.deepEqual([end.stdoutBytes, end.isTruncated, end.killedBy], [stdout.length, false, undefined]);
  });

  it('has an environment of what it was given and its own number, and nothing of the server', async () => {
    process.env['RCMD_TEST_SECRET'] = 'secret';
    await using started = await startRunner();
    const spec = commandSpec(['env'], { env: { PATH: '/usr/bin:/bin', WORD: 'a b' } });
    const { stdout } = await finish(await started.runner.run(spec, 'me'));
    delete process.env['RCMD_TEST_SECRET'];
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]!);
    // A shell, where one is in between, adds its own.
    const own = isByNode ? ['PWD', '_', 'OLDPWD', 'SHLVL'] : [];
    assert.deepEqual(
      names.filter((name) => !own.includes(name)).toSorted((a, b) => (a < b ? -1 : 1)),
      ['PATH', 'RCMD_COMMAND', 'WORD'],
    );
    assert.equal(names.includes('PWD'), isByNode, 'who has started it');
  });

  it('has descriptors 0, 1 and 2 only, and they are pipes that can be opened by name', async () => {
    await using started = await startRunner();
    // The descriptor of the listing itself is the fourth.
    const listed = await finish(
      await started.runner.run(commandSpec(['ls', '/proc/self/fd'], { stdin: true }), 'me'),
    );
    // By Node, those too that this process was started with, which a server has closed.
    const inherited = new Set(isByNode ? inheritedDescriptors().map(String) : []);
    const found = listed.stdout.trim().split('\n');
    assert.deepEqual(
      found.filter((fd) => !inherited.has(fd)),
      ['0', '1', '2', '3'],
    );
    const line =
      'cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr; echo again | tee /dev/stderr';
    const command = await started.runner.run(shellSpec(line, { stdin: true }), 'me');
    assert.equal(await command.write(Buffer.from('in\n')), true);
    command.endInput();
    const { stdout, stderr, end } = await finish(command);
    assert.deepEqual(
      [stdout, stderr, end.exitCode, end.stdinBytes],
      ['in\nout\nagain\n', 'err\nagain\n', 0, 3],
    );
  });

  it('has the limits, the mask and the signals of a fresh login, in a session of its own', async () => {
    await using started = await startRunner();
    const line =
      'ulimit -S -n; umask; grep -E "^Sig(Ign|Blk|Cgt)" /proc/self/status; cut -d" " -f5,6 /proc/$$/stat; echo $$';
    const { stdout } = await finish(await started.runner.run(shellSpec(line), 'me'));
    const [files, mask, blocked, ignored, , group, pid] = stdout.trim().split('\n');
    assert.deepEqual([files, mask], ['1024', '0022']);
    assert.match(blocked!, /^SigBlk:\s*0+$/);
    assert.match(ignored!, /^SigIgn:\s*0+$/);
    assert.equal(group, `${pid} ${pid}`);
  });

  it('ends with its own code or signal, and none is mixed up among many at once', async () => {
    await using started = await startRunner();
    const width = availableParallelism() * 4;
    const runOne = async (number: number): Promise<void> => {
      const signal = number % 3 === 0 ? signals[number % signals.length] : undefined;
      const code = (number * 7) % 256;
      const last = signal === undefined ? `exit ${code}` : `kill -${signal.slice(3)} $$; sleep 10`;
      const command = await started.runner.run(shellSpec(`printf 'number ${number}'; ${last}`), 'me');
      const { stdout, end } = await finish(command);
      assert.equal(stdout, `number ${number}`);
      assert.deepEqual(
        [end.exitCode, end.signal],
        signal === undefined ? [code, undefined] : [undefined, signal],
      );
    };
    for (let first = 0; first < 240; first += width) {
      await Promise.all(Array.from({ length: width }, (_, index) => runOne(first + index)));
    }
    assert.equal(started.runner.running, 0);
  });

  it('loses none of its last bytes, however late they are read', async () => {
    await using started = await startRunner();
    const bytes = 60_000;
    const command = await started.runner.run(
      shellSpec(`head -c ${bytes} /dev/zero`, { outputGraceMs: 1 }),
      'me',
    );
    await untilCleared(started.runner);
    await delay(120); // longer than a look at late output
    const { stdout, end } = await finish(command);
    assert.deepEqual([stdout.length, end.isTruncated], [bytes, false]);
  });

  it('waits when nobody reads it', async () => {
    await using started = await startRunner();
    await using command = await started.runner.run(commandSpec(['yes']), 'me');
    await command.read('stdout', 1);
    const written = (): string => readFileSync(`/proc/${command.pid}/io`, 'utf8').match(/wchar: (\d+)/)![1]!;
    let before = '';
    while (before !== written()) {
      before = written();
      await delay(50);
    }
    assert.ok(Number(before) < 1_048_576, `${before} bytes went into a pipe that nobody reads`);
  });

  it('gets SIGPIPE once its output is not wanted any more', async () => {
    await using started = await startRunner();
    const command = await started.runner.run(commandSpec(['yes']), 'me');
    await command.read('stdout', 10);
    command.stop('stdout');
    assert.equal(await command.read('stderr', 100), undefined);
    const end = await command.ended;
    assert.deepEqual([end.signal, end.killedBy], ['SIGPIPE', undefined]);
  });

  it('that reads no input does not hold up who writes it', async () => {
    await using started = await startRunner();
    const command = await started.runner.run(commandSpec(['true'], { stdin: true }), 'me');
    while (await command.write(Buffer.alloc(65_536)));
    assert.equal((await finish(command)).end.exitCode, 0);
  });
});

describe('what cannot be run', () => {
  const refusals: [string, Parameters<typeof commandSpec>, string, RegExp][] = [
    ['a program that is nowhere', [['no-such-program']], 'NOT_FOUND', /no program "no-such-program" in PATH/],
    ['a path that is not there', [['/no/such/path']], 'NOT_FOUND', /no program "\/no\/such\/path"/],
    [
      'a file that is not executable',
      [['/etc/passwd']],
      'NOT_EXECUTABLE',
      /"\/etc\/passwd" cannot be executed/,
    ],
    ['a folder', [['/etc']], 'NOT_EXECUTABLE', /"\/etc" cannot be executed/],
    [
      'a directory that is not there',
      [['true'], { cwd: '/no/such' }],
      'NOT_EXECUTABLE',
      /"\/no\/such" does not exist/,
    ],
    ['a directory that is a file', [['true'], { cwd: '/etc/passwd' }], 'NOT_EXECUTABLE', /is no directory/],
  ];
  for (const [name, spec, code, message] of refusals) {
    it(`is told before anything runs: ${name}`, async () => {
      await using started = await startRunner();
      await assert.rejects(started.runner.run(commandSpec(...spec), 'me'), (error) => {
        assert.ok(error instanceof CommandStartError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual([started.runner.running, started.runner.records.all()], [0, []]);
    });
  }

  it('is told apart where it is a script of something that is not there', { skip: isByNode }, async () => {
    await using started = await startRunner();
    using folder = temporaryFolder();
    const script = `${folder.path}/script`;
    writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 });
    await assert.rejects(started.runner.run(commandSpec([script]), 'me'), {
      code: 'NOT_EXECUTABLE',
      message: `${JSON.stringify(script)} cannot be executed: what it names as its interpreter cannot (ENOENT)`,
    });
  });

  it('is also arguments that are too long, with nothing left behind', async () => {
    await using started = await startRunner();
    const before = descriptors();
    const spec = commandSpec(['true', ...Array.from({ length: 80 }, () => 'x'.repeat(131_071))]);
    await assert.rejects(started.runner.run(spec, 'me'), {
      code: 'BAD_REQUEST',
      message: /are together more/,
    });
    assert.deepEqual(started.runner.records.all(), []);
    await until(() => descriptors().every((descriptor) => before.includes(descriptor)));
  });

  it('is also what cannot be recorded: it is killed, with nothing left behind', async () => {
    await using started = await startRunner();
    rmSync(started.runner.records.folder, { recursive: true });
    const before = descriptors();
    const spec = shellSpec('sleep 1000 & wait');
    await assert.rejects(started.runner.run(spec, 'me'), {
      code: 'FAILED',
      message: `it was killed as it began, since the server's folder ${started.runner.records.folder} is gone, in which what runs is recorded: start the server again`,
    });
    assert.equal(killMarked(new Set([spec.commandId]), 'SIGKILL'), 0);
    assert.equal(started.runner.running, 0);
    await until(() => descriptors().every((descriptor) => before.includes(descriptor)));
  });

  it('is also what comes after the server has stopped', async () => {
    const started = await startRunner();
    await started[Symbol.asyncDispose]();
    await assert.rejects(started.runner.run(commandSpec(['true']), 'me'), { code: 'FAILED' });
  });
});

describe('the limits of a command', () => {
  it('end it after its time, first politely', async () => {
    await using started = await startRunner();
    const { stdout, end } = await withTimeFor(100, async (timeoutMs) => {
      const line = 'trap "echo told; exit 3" TERM; echo ready; while :; do sleep 0.01; done';
      const finished = await finish(await started.runner.run(shellSpec(line, { timeoutMs }), 'me'));
      return finished.stdout.startsWith('ready') ? finished : undefined;
    });
    assert.deepEqual([stdout, end.exitCode, end.killedBy], ['ready\ntold\n', 3, 'timeout']);
  });

  it('kill what does not listen, with everything it has started', async () => {
    await using started = await startRunner();
    const { stdout, end } = await withTimeFor(50, async (timeoutMs) => {
      const spec = shellSpec('trap "" TERM; sleep 1000 & echo $!; wait', { timeoutMs, graceMs: 50 });
      const finished = await finish(await started.runner.run(spec, 'me'));
      return finished.stdout === '' ? undefined : finished;
    });
    assert.deepEqual([end.signal, end.killedBy], ['SIGKILL', 'timeout']);
    await untilGone(Number(stdout));
  });

  it('end it after silence, which input ends as well as output', async () => {
    await using started = await startRunner();
    const end = await withTimeFor(150, async (idleTimeoutMs) => {
      const command = await started.runner.run(commandSpec(['cat'], { stdin: true, idleTimeoutMs }), 'me');
      let echoed = 0;
      for (; echoed < 6; echoed += 1) {
        await delay(idleTimeoutMs / 3);
        await command.write(Buffer.from('.'));
        if ((await command.read('stdout', 10)) === undefined) break;
      }
      const finished = await finish(command);
      return echoed < 6 ? undefined : finished.end;
    });
    assert.equal(end.killedBy, 'idle');
  });

  it('cut output off at the byte', async () => {
    await using started = await startRunner();
    const { stdout, end } = await finish(
      await started.runner.run(commandSpec(['yes'], { maxOutputBytes: 100_001 }), 'me'),
    );
    assert.deepEqual(
      [stdout.length, end.stdoutBytes, end.killedBy, end.isTruncated],
      [100_001, 100_001, 'output-limit', true],
    );
    const exact = await finish(
      await started.runner.run(shellSpec('printf 12345', { maxOutputBytes: 5 }), 'me'),
    );
    assert.deepEqual([exact.stdout, exact.end.exitCode, exact.end.isTruncated], ['12345', 0, false]);
  });
});

for (const controlGroups of [true, false]) {
  describe(`the end of a command, ${controlGroups ? 'with control groups where there are any' : 'without control groups'}`, () => {
    it('is not held back by a child that keeps the streams open', async () => {
      await using started = await startRunner({ controlGroups });
      const spec = shellSpec('trap "" TERM; (sleep 1000) & echo $!; exit 7', {
        outputGraceMs: 50,
        graceMs: 400,
      });
      const { stdout, end } = await finish(await started.runner.run(spec, 'me'));
      assert.deepEqual([end.exitCode, end.isTruncated], [7, true]);
      await untilCleared(started.runner);
      await untilGone(Number(stdout));
    });

    it('takes background processes along, politely', async () => {
      await using started = await startRunner({ controlGroups });
      using folder = temporaryFolder();
      const line = `(trap 'echo told >${folder.path}/told; exit' TERM; echo ready; while :; do sleep 0.01; done) & read -r _ <&0; exit 0`;
      const command = await started.runner.run(shellSpec(line, { stdin: true }), 'me');
      await command.read('stdout', 100); // it is ready
      command.endInput();
      assert.equal((await finish(command)).end.exitCode, 0);
      await untilCleared(started.runner);
      assert.equal(readFileSync(`${folder.path}/told`, 'utf8'), 'told\n');
    });

    it('takes descendants along that left the group and the session', async () => {
      await using started = await startRunner({ controlGroups });
      const line =
        'setsid sh -c "echo \\$\\$; exec sleep 1000 >/dev/null 2>&1" & setsid sleep 1000 >/dev/null 2>&1 & wait';
      const pid = await withTimeFor(300, async (timeoutMs) => {
        const spec = shellSpec(line, { timeoutMs, graceMs: 100 });
        const { stdout } = await finish(await started.runner.run(spec, 'me'));
        return stdout === '' ? undefined : Number(stdout);
      });
      await started.runner.close();
      await untilGone(pid);
    });
  });
}

describe('a control group', () => {
  it('is asked again while it cannot be read, and told again while it cannot be written', async (t) => {
    const kills = [false, false, true];
    const group = {
      folder: '',
      joinFile: '',
      processes: () => (kills.length === 0 ? [] : undefined),
      kill: () => kills.shift()!,
      remove: () => kills.length === 0,
    };
    const groups = { folder: '', add: () => group, close: () => {} };
    t.mock.method(ControlGroups, 'create', () => groups);
    await using started = await startRunner({ starter: 'node' });
    const command = await started.runner.run(commandSpec(['true'], { graceMs: 1 }), 'me');
    assert.equal((await finish(command)).end.exitCode, 0);
    await untilCleared(started.runner);
    assert.deepEqual(kills, []);
  });

  it('has no processes where it is gone, and an unknown number where it cannot be read', () => {
    using folder = temporaryFolder();
    const group = new ControlGroup(`${folder.path}/group`);
    assert.deepEqual([group.processes(), group.kill()], [[], true]);
    mkdirSync(group.joinFile, { recursive: true }); // nothing to be read, as without a free descriptor
    assert.equal(group.processes(), undefined);
  });
});

describe('the records of commands', () => {
  it('show who runs what, and are gone with it', async () => {
    await using started = await startRunner();
    const { records } = started.runner;
    await using command = await started.runner.run(commandSpec(['sleep', '1000']), 'somebody');
    const [record] = records.all();
    assert.deepEqual(
      [record?.pid, record?.owner, record?.argv],
      [command.pid, 'somebody', ['sleep', '1000']],
    );
    assert.deepEqual([records.countOf('somebody'), records.countOf('else')], [1, 0]);
    command.signal('SIGINT');
    const { end } = await finish(command);
    assert.equal(constants.signals[end.signal as 'SIGINT'], 2);
    await untilCleared(started.runner);
    assert.deepEqual(records.all(), []);
  });

  it('can be removed by others while their commands run', async () => {
    await using started = await startRunner();
    await using command = await started.runner.run(commandSpec(['sleep', '1000']), 'me');
    rmSync(started.runner.records.folder, { recursive: true });
    command.signal('SIGINT');
    assert.equal((await finish(command)).end.signal, 'SIGINT');
    await untilCleared(started.runner);
  });
});
