import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, CommandError } from '../../src/client/index.ts';
import { failureOf, serveClient, type ServedClient } from '../support/clients.ts';

describe('exec()', () => {
  let served: ServedClient;
  let client: Client;

  before(async () => {
    served = await serveClient();
    client = served.client;
  });

  after(() => served[Symbol.asyncDispose]());

  it('gives what a command wrote, and how it ended', async () => {
    const result = await client.exec('sh', ['-c', 'echo out; echo err >&2'], { cwd: '/tmp' });
    assert.deepEqual(
      [result.stdout, result.stderr, result.all, result.exitCode, result.failed],
      ['out', 'err', undefined, 0, false],
    );
    assert.deepEqual(
      [result.command, result.escapedCommand, result.cwd, result.host],
      ['sh -c echo out; echo err >&2', "sh -c 'echo out; echo err >&2'", '/tmp', client.target],
    );
    assert.ok(result.pid! > 1 && result.durationMs > 0);
  });

  it('rejects where a command fails, with all that a result has', async () => {
    const error = await failureOf(client.exec('sh', ['-c', 'echo half; echo why >&2; exit 3']));
    assert.ok(error instanceof CommandError);
    assert.deepEqual(
      [error.code, error.exitCode, error.stdout, error.stderr, error.failed],
      ['EXIT', 3, 'half', 'why', true],
    );
    assert.equal(
      error.shortMessage,
      "The command failed with exit code 3: sh -c 'echo half; echo why >&2; exit 3'",
    );
    assert.equal(error.message, `${error.shortMessage}\n\nwhy\n\nhalf`);
    const resolved = await client.exec('false', { reject: false });
    assert.ok(resolved instanceof CommandError && resolved.exitCode === 1);
  });

  it('says why nothing was run', async () => {
    const reasonOf = async (file: string, options = {}): Promise<unknown> => {
      const { code, exitCode } = await failureOf(client.exec(file, options));
      return [code, exitCode];
    };
    assert.deepEqual(await reasonOf('no-such-program'), ['ENOENT', undefined]);
    assert.deepEqual(await reasonOf('no-such-program', { input: 'x' }), ['ENOENT', undefined]);
    assert.deepEqual(await reasonOf('/etc/passwd'), ['EACCES', undefined]);
    assert.deepEqual(await reasonOf('true', { cwd: '/no/such/folder' }), ['EACCES', undefined]);
    assert.deepEqual(await reasonOf('true', { env: { LD_PRELOAD: '/x' } }), ['EDENIED', undefined]);
  });

  it('tells which signal ended a command', async () => {
    const error = await client.exec('sh', ['-c', 'kill -SEGV $$'], { reject: false });
    assert.deepEqual(
      [error.signal, error.isTerminated, error.exitCode, error.signalDescription],
      ['SIGSEGV', true, undefined, 'touched memory that is not its own'],
    );
  });

  it('gives bytes, lines, or text as it is, as asked for', async () => {
    const script = String.raw`printf 'a\r\n\nb\n\n'; printf '\303' >&2`;
    const bytes = await client.exec('sh', ['-c', script], { encoding: 'buffer' });
    assert.deepEqual(
      [bytes.stdout, bytes.stderr],
      [new Uint8Array(Buffer.from('a\r\n\nb\n')), new Uint8Array([0xc3])],
    );
    const lines = await client.exec('sh', ['-c', script], { lines: true });
    assert.deepEqual([lines.stdout, lines.stderr], [['a', '', 'b', ''], ['\ufffd']]);
    const kept = { lines: true, stripFinalNewline: false } as const;
    const { stdout } = await client.exec('printf', [String.raw`a\r\nb\n\n`], kept);
    assert.deepEqual(stdout, ['a\r\n', 'b\n', '\n']);
    assert.equal((await client.exec('echo', ['x'], { stripFinalNewline: false })).stdout, 'x\n');
    assert.deepEqual((await client.exec('true', { lines: true })).stdout, []);
  });

  it('gives both streams in the order in which the server read them, with characters whole', async () => {
    // Each waits until what came before has arrived here: two pipes have no order of their own.
    const script = String.raw`printf '\303'; read go; printf 'E' >&2; read go; printf '\244\n'; read go; echo F >&2`;
    const running = client.exec('sh', ['-c', script], { all: true, stdin: 'pipe' });
    let waits = 3;
    for (const stream of [running.stdout, running.stderr]) {
      stream.on('data', () => waits-- > 0 && running.stdin.write('\n'));
    }
    const { all } = await running;
    assert.equal(all, 'Eä\nF');
  });

  it('passes arguments, variables and the folder as they are', async () => {
    const odd = ['', 'a b', "it's", '$HOME', '*', '-n', 'ä€😀', 'a\nb', '`x`', '\\'];
    const { stdout } = await client.exec('printf', [String.raw`%s\0`, ...odd]);
    assert.deepEqual(stdout.split('\0').slice(0, -1), odd);
    const env = { GIVEN: 'a b=c', GONE: undefined };
    const { stdout: seen } = await client.exec('sh', ['-c', 'pwd; echo "$GIVEN|${GONE-gone}"'], {
      env,
      cwd: '/usr',
    });
    assert.equal(seen, '/usr\na b=c|gone');
    assert.equal((await client.exec('pwd', { cwd: '.' })).stdout, (await client.exec('pwd')).stdout);
  });

  it('refuses at once what makes no sense', () => {
    const wrong: readonly [string, object][] = [
      ['options must have only the keys', { shell: true }],
      ['options.timeout must be', { timeout: 0 }],
      ['options.killSignal must be', { killSignal: 'TERM' }],
      ['options.env must be', { env: { 'A=B': 'x' } }],
      ['options.lines must be false', { lines: true, encoding: 'buffer' }],
      ['options.all must be false', { all: true, buffer: false }],
      ['only one of input, inputFile and stdin', { input: 'x', stdin: 'ignore' }],
      ['only one of input, inputFile and stdin', { input: 'x', inputFile: '/etc/hostname' }],
      ['the path of a file, or a file: URL', { inputFile: new URL('http://localhost/') }],
      [
        'either signal or cancelSignal',
        { signal: new AbortController().signal, cancelSignal: new AbortController().signal },
      ],
    ];
    for (const [words, options] of wrong) {
      assert.throws(
        () => client.exec('true', options),
        (error) => error instanceof TypeError && error.message.includes(words),
        words,
      );
    }
    assert.throws(() => client.exec(''), TypeError);
    assert.throws(() => client.exec('a\0b'), TypeError);
    assert.throws(
      () => client.$('ls -l' as unknown as object),
      /Cannot use \$: it takes a template or options/,
    );
    assert.throws(() => client.exec('echo', [7 as unknown as string]), /args\[0\] must be text/);
    assert.throws(() => client.exec('echo', ['x'.repeat(70_000)]), RangeError);
    assert.throws(() => client.exec('true', null as unknown as object), TypeError);
  });

  it('keeps polluted prototypes out', async () => {
    Object.assign(Object.prototype, { cwd: '/no/such/folder' });
    try {
      await client.exec('true', {});
    } finally {
      delete (Object.prototype as { cwd?: string }).cwd;
    }
  });

  it('runs many at once over one connection', async () => {
    const codes = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, code) => (await client.exec('sh', ['-c', `exit ${code}`], { reject: false })).exitCode,
      ),
    );
    assert.deepEqual(
      codes,
      Array.from({ length: 40 }, (_, code) => code),
    );
  });

  it('keeps the folder and the variables of a session, and each session has its own', async () => {
    const [one, other] = [client.session(), client.session()];
    await one.sh`cd ${'/usr'}; export MARK=${"it's"}`;
    assert.equal((await one.sh('pwd; echo "$MARK"')).stdout, "/usr\nit's");
    assert.notEqual((await other.sh('pwd')).stdout, '/usr');
    assert.equal((await client.session(one.name).sh('pwd')).stdout, '/usr');
  });
});
