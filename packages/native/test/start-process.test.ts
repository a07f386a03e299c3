import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { makePipe, type ProcessOptions, startProcess } from '../lib/index.ts';
import { openFiles, outputOf, shell, start, zombies } from './support/processes.ts';
import { until } from '../../socketserver/test/support/until.ts';

const nothing: ProcessOptions['stdio'] = [undefined, undefined, undefined];
const folder = mkdtempSync(join(tmpdir(), 'start-process-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A program that is run by itself, and what it writes. */
function support(name: string, wrap: readonly string[] = []): string {
  const program = [...wrap, process.execPath, join(import.meta.dirname, 'support', name)];
  const { stdout, stderr } = spawnSync(program[0]!, program.slice(1), { encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout;
}

describe('a process that is started', () => {
  it('gets its arguments, variables and folder as they are, and nothing else', async () => {
    const { output, end } = await outputOf({
      programs: ['/bin/sh'],
      argv: [
        '-a name',
        '-c',
        'printf "%s|" "$0" "$@"; pwd; tr "\\0" "|" </proc/$$/environ',
        'a b',
        '',
        'ü$*',
      ],
      env: { WORD: 'ö =', EMPTY: '' },
      cwd: folder,
    });
    assert.deepEqual(end, { exitCode: 0, signal: undefined });
    assert.equal(output, `a b||ü$*|${folder}\nWORD=ö =|EMPTY=|`);
  });

  it('has descriptors 0, 1 and 2 only, whatever is open here', async () => {
    const ends = makePipe();
    const { output } = await outputOf(shell('ls /proc/$$/fd; ls -l /proc/$$/fd/0'));
    closeSync(ends.readEnd);
    closeSync(ends.writeEnd);
    assert.match(output, /^0\n1\n2\n.* -> \/dev\/null\n$/);
  });

  it('has descriptors that are crossed over, where they are so given', async () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'support/crossed-over.ts')],
      { encoding: 'utf8' },
    );
    assert.deepEqual([stdout, stderr], ['to stderr\n', 'to stdout\n']);
  });

  it('blocks and ignores no signal, in a session of its own', async () => {
    const { output } = await outputOf(
      shell('grep -E "^Sig(Blk|Ign)" /proc/self/status; cut -d" " -f5,6 /proc/$$/stat; echo $$'),
    );
    const [blocked, ignored, groups, pid] = output.trim().split('\n');
    assert.match(blocked!, /^SigBlk:\s*0+$/);
    assert.match(ignored!, /^SigIgn:\s*0+$/);
    assert.equal(groups, `${pid} ${pid}`);
  });

  it('gets default signals, while what else is loaded here knows the old ones', () => {
    const library = join(folder, 'kept-signals.so');
    const source = join(import.meta.dirname, 'support/kept-signals.cc');
    execFileSync(process.env['CXX'] ?? 'g++', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    // A sanitizer's own library must come first, and is one of those that are preloaded then.
    const preloaded = [process.env['LD_PRELOAD'], library].filter((name) => name !== undefined).join(' ');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'support/crossed-over.ts')],
      { encoding: 'utf8', env: { ...process.env, LD_PRELOAD: preloaded } },
    );
    assert.deepEqual([stdout, stderr], ['to stderr\n', 'to stdout\n']);
  });

  it('has the limit and the mask that it is given, else those of this process', async () => {
    const line = 'ulimit -S -n; ulimit -H -n; umask';
    const kept = await outputOf(shell(line));
    const own = /^Max open files +(\d+) +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))!;
    const mask = process.umask().toString(8).padStart(4, '0');
    assert.equal(kept.output, `${own[1]}\n${own[2]}\n${mask}\n`);
    const given = await outputOf({ ...shell(line), openFiles: 64, mask: 0o27 });
    assert.equal(given.output, `64\n${own[2]}\n0027\n`);
    const most = await outputOf({ ...shell(line), openFiles: Infinity });
    assert.equal(most.output, `${own[2]}\n${own[2]}\n${mask}\n`);
  });

  it('is the first of its programs that can be executed', async () => {
    const closed = file('closed', '#!/bin/sh\necho closed\n', 0o644);
    const { output } = await outputOf({
      ...shell('echo found'),
      programs: ['/no/such', closed, '/etc/passwd/sh', folder, '/bin/sh', '/bin/false'],
    });
    assert.equal(output, 'found\n');
  });

  it('may be a script that does not say of what, which is a shell’s', async () => {
    const script = file('script', 'echo "$0 $*"\n', 0o755);
    const { output } = await outputOf({ programs: [script], argv: ['name', 'a', 'b c'] });
    assert.equal(output, `${script} a b c\n`);
  });

  it('is looked for from its folder on', async () => {
    file('near', '#!/bin/sh\necho near\n', 0o755);
    const { output } = await outputOf({ programs: ['./near'], argv: ['near'], cwd: folder });
    assert.equal(output, 'near\n');
  });

  it('ends with its code, or by its signal', async () => {
    const ends = await Promise.all([
      start(shell('exit 0')).ended,
      start(shell('exit 255')).ended,
      start(shell('kill -TERM $$')).ended,
      start(shell('kill -KILL $$')).ended,
      start(shell('kill -ABRT $$')).ended,
      start(shell('kill -34 $$')).ended,
      start(shell('kill -37 $$')).ended,
    ]);
    assert.deepEqual(
      ends.map(({ exitCode, signal }) => exitCode ?? signal),
      [0, 255, 'SIGTERM', 'SIGKILL', 'SIGABRT', 'SIGRTMIN', 'SIGRTMIN+3'],
    );
  });

  it('is there when the call returns, and answers to its number, which is that of its group', async () => {
    const { pid, ended } = start({ programs: ['/bin/sleep'], argv: ['sleep', '1000'] });
    assert.ok(isThere(pid));
    process.kill(-pid, 'SIGINT');
    assert.deepEqual(await ended, { exitCode: undefined, signal: 'SIGINT' });
  });

  it('does not take away the ends of children that Node has started', async () => {
    const ends = Array.from({ length: 20 }, async (_, code) => {
      const child = spawn('/bin/sh', ['-c', `exit ${code}`]);
      const [[found], { exitCode }] = await Promise.all([
        once(child, 'exit'),
        start(shell(`exit ${code + 100}`)).ended,
      ]);
      assert.deepEqual([found, exitCode], [code, code + 100]);
    });
    await Promise.all(ends);
  });

  it('is told of where it was asked for: in the same asynchronous context', async () => {
    const storage = new AsyncLocalStorage<string>();
    const told = Promise.withResolvers<string | undefined>();
    storage.run('mine', () => {
      startProcess({ ...shell('exit 0'), stdio: nothing }, () => told.resolve(storage.getStore()));
    });
    assert.equal(await told.promise, 'mine');
  });
});

describe('a process that cannot be started', () => {
  const noInterpreter = file('no-interpreter', '#!/no/such\n', 0o755);
  const closed = file('not-executable', '#!/bin/sh\n', 0o644);
  const refusals: [string, Partial<ProcessOptions>, string, string][] = [
    ['a program that is not there', { programs: ['/no/such'] }, 'execve', 'ENOENT'],
    ['no program at all', { programs: [] }, 'execve', 'ENOENT'],
    ['a program that may not be executed', { programs: [closed, '/no/such'] }, 'execve', 'EACCES'],
    ['a folder', { programs: ['/etc'] }, 'execve', 'EACCES'],
    ['a program whose interpreter is not there', { programs: [noInterpreter] }, 'execve', 'ENOENT'],
    ['an argument that is too long', { argv: ['sh', 'x'.repeat(200_000)] }, 'execve', 'E2BIG'],
    ['a folder that is not there', { cwd: '/no/such' }, 'chdir', 'ENOENT'],
    ['a folder that is a file', { cwd: '/etc/passwd' }, 'chdir', 'ENOTDIR'],
    ['a descriptor that is none', { stdio: [undefined, 999_999, undefined] }, 'dup2', 'EBADF'],
    ['a control group that is not there', { controlGroup: '/no/such' }, 'cgroup', 'ENOENT'],
    ['a control group that is none', { controlGroup: folder }, 'cgroup', 'ENOENT'],
  ];
  for (const [name, options, syscall, code] of refusals) {
    it(`is an error at once: ${name}`, () => {
      const before = [openFiles(), zombies().length];
      const refuse = (): number =>
        startProcess({ ...shell('exit'), stdio: nothing, ...options }, () => assert.fail('it has ended'));
      assert.throws(refuse, { syscall, code });
      assert.deepEqual([openFiles(), zombies().length], before);
    });
  }

  it('is an error: text with NUL', () => {
    const options = { ...shell('exit'), stdio: nothing, env: { WORD: 'a\0B=c' } };
    assert.throws(() => startProcess(options, () => {}), {
      name: 'TypeError',
      message: 'Cannot start a process: its paths, arguments and variables must be without NUL',
    });
  });

  it('is an error: numbers that cannot be, and no argument at all', () => {
    const refusals: readonly (readonly [Partial<ProcessOptions>, string])[] = [
      [{ openFiles: 1.5 }, 'openFiles must be a whole number from 0 to 2147483647, got 1.5'],
      [{ openFiles: 2 ** 32 }, 'openFiles must be a whole number from 0 to 2147483647, got 4294967296'],
      [{ mask: 0o1000 }, 'mask must be a whole number from 0 to 511, got 512'],
      [{ stdio: [undefined, -1, undefined] }, 'stdio[1] must be a whole number from 0 to 2147483647, got -1'],
      [{ argv: [] as unknown as [string] }, 'argv must begin with a name for it, got none'],
    ];
    for (const [options, message] of refusals) {
      assert.throws(() => startProcess({ ...shell('exit'), stdio: nothing, ...options }, () => {}), {
        message: `Cannot start a process: ${message}`,
      });
    }
  });

  it('is an error: no descriptors are left', () => {
    assert.equal(
      support('out-of-descriptors.ts', ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh']),
      'clone EMFILE\n',
    );
  });

  it('is an error: the user may have no more processes', () => {
    assert.equal(support('out-of-processes.ts'), 'clone EAGAIN\n');
  });
});

describe('a thousand processes', () => {
  it('leave nothing behind', async () => {
    await start(shell('exit')).ended;
    const before = openFiles();
    for (let round = 0; round < 50; round++) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, code) => {
          const end = await start({ programs: ['/bin/sh'], argv: ['sh', '-c', `exit ${code}`] }).ended;
          assert.equal(end.exitCode, code);
        }),
      );
    }
    assert.deepEqual([openFiles(), zombies()], [before, []]);
  });
});

describe('a thread', () => {
  const program = new URL('./support/starting-thread.ts', import.meta.url);

  it('that ends before its process lets it go on, and it is reaped all the same', async () => {
    const ends = makePipe();
    const worker = new Worker(program, { workerData: [ends.readEnd] });
    const [[pid]] = (await once(worker, 'message')) as [[number]];
    await worker.terminate();
    const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1');
    await until(() => !/\) [RD] /.test(stat())); // on its way to its input
    assert.match(stat(), /\) S /, 'it waits for its input');
    closeSync(ends.readEnd);
    closeSync(ends.writeEnd);
    await until(() => !isThere(pid));
  });

  it('that ends before its processes has each reaped when it ends, and not after another', async () => {
    const [early, late] = [makePipe(), makePipe()];
    const inputs = [late, early, early, late].map(({ readEnd }) => readEnd);
    const worker = new Worker(program, { workerData: inputs });
    const [pids] = (await once(worker, 'message')) as [[number, number, number, number]];
    await worker.terminate();
    for (const { ends, gone } of [
      { ends: early, gone: pids.slice(1, 3) },
      { ends: late, gone: pids },
    ]) {
      assert.ok(isThere(pids[0]) && isThere(pids[3]));
      closeSync(ends.readEnd);
      closeSync(ends.writeEnd);
      await until(() => !gone.some(isThere));
    }
  });

  it('starts processes beside others that do', async () => {
    const workers = Array.from({ length: 3 }, () => new Worker(program));
    const counts = await Promise.all(
      workers.map(async (worker) => (await once(worker, 'message'))[0] as number),
    );
    assert.deepEqual(counts, [100, 100, 100]);
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.deepEqual(zombies(), []);
  });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the event loop', () => {
  it('goes on while a process runs, and no longer', () => {
    assert.equal(support('ends-with-process.ts'), 'exit 3\n');
  });

  it('hears of an error in what is called at the end', () => {
    assert.equal(support('throws-at-end.ts'), 'uncaught: at the end\n');
  });
});
