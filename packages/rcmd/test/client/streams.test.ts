import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Client } from '../../src/client/index.ts';
import { failureOf, serveClient, type ServedClient } from '../support/clients.ts';
import { until } from '../../../socketserver/test/support/until.ts';
import { temporaryFolder } from '../support/commands.ts';

describe('the streams of a command', () => {
  let served: ServedClient;
  let client: Client;

  before(async () => {
    served = await serveClient();
    client = served.client;
  });

  after(() => served[Symbol.asyncDispose]());

  it('bring what it writes while it runs, and the result has it too', async () => {
    const running = client.exec('sh', ['-c', 'echo first; read line; echo "$line"; echo no >&2'], {
      stdin: 'pipe',
    });
    assert.equal(await firstOf(running.stdout), 'first\n');
    running.stdin.end('second\n');
    const { stdout, stderr } = await running;
    assert.deepEqual([stdout, stderr], ['first\nsecond', 'no']);
  });

  it('need not be touched: the promise settles with 4 MiB on each of them', async () => {
    const fill = 'head -c 4194304 /dev/zero';
    const running = client.exec('sh', ['-c', `${fill}; ${fill} >&2`], { buffer: false });
    const result = await running;
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], [undefined, undefined, 0]);
  });

  it('are read alone: what nobody reads of the other one holds nothing up', async () => {
    const script = 'head -c 4194304 /dev/zero >&2; echo done';
    const running = client.exec('sh', ['-c', script], { buffer: false });
    assert.equal(await text(running.stdout), 'done\n');
    await running;
  });

  it('hold the command up while a reader is slow', async () => {
    const running = client.exec('yes', { buffer: false });
    const { stdout } = running;
    await new Promise((resolve) => stdout.once('readable', resolve));
    await client.ping();
    // `yes` writes what it can: as it is held up, a connection brings no more than its windows.
    for (let turn = 0; turn < 20; turn += 1) await client.ping();
    assert.ok(stdout.readableLength <= 600_000, `${stdout.readableLength} bytes wait`);
    stdout.destroy();
    assert.equal((await failureOf(running)).signal, 'SIGPIPE');
  });

  it('end a command that writes for ever when the reader has had enough', async () => {
    const running = client.exec('yes', { buffer: false });
    let bytes = 0;
    const head = new Writable({
      write(chunk: Buffer, _encoding, written) {
        bytes += chunk.length;
        written(bytes > 100_000 ? new Error('enough') : null);
      },
    });
    await assert.rejects(pipeline(running.stdout, head), /enough/);
    assert.equal((await failureOf(running)).signal, 'SIGPIPE');
    const counted: string[] = [];
    for await (const line of client.exec('yes')) if (counted.push(line) === 2_000) break;
    assert.equal(counted.length, 2_000);
    assert.equal((await client.exec('echo', ['still here'])).stdout, 'still here');
  });

  it('may be taken once it has started', async () => {
    const running = client.exec('sh', ['-c', 'echo out; echo err >&2'], { buffer: false });
    await running.started;
    assert.ok(running.pid! > 1);
    assert.deepEqual(await Promise.all([text(running.stdout), text(running.stderr)]), ['out\n', 'err\n']);
  });

  it('end at once where they are taken after the end', async () => {
    const running = client.exec('echo', ['x'], { buffer: false });
    await running;
    await nextTurn();
    assert.equal(await text(running.all), '');
  });

  it('come together in all, in their order', async () => {
    // Each waits until what came before has arrived here: two pipes have no order of their own.
    const script = 'for i in 1 2 3 4 5; do echo o$i; read go; echo e$i >&2; read go; done';
    const running = client.exec('sh', ['-c', script], { buffer: false, stdin: 'pipe' });
    let waits = 10;
    running.all.on('data', () => waits-- > 0 && running.stdin.write('\n'));
    const both = Promise.all([text(running.all), text(running.stdout)]);
    assert.deepEqual(await both, ['o1\ne1\no2\ne2\no3\ne3\no4\ne4\no5\ne5\n', 'o1\no2\no3\no4\no5\n']);
  });

  it('come as lines, whole characters in them, and then as the error of a command that fails', async () => {
    const script = String.raw`printf 'a\303'; sleep 0.05; printf '\244\r\nb'; exit 4`;
    const lines: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const line of client.exec('sh', ['-c', script], { buffer: false })) lines.push(line);
      })(),
    );
    assert.deepEqual([lines, error.exitCode], [['aä', 'b'], 4]);
    const errors: string[] = [];
    const running = client.exec('sh', ['-c', 'echo no >&2']);
    for await (const line of running.iterable({ from: 'stderr' })) errors.push(line);
    assert.deepEqual(errors, ['no']);
  });

  it('bring every byte, in both directions', async () => {
    const bytes = Buffer.from(
      Array.from({ length: 3_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff),
    );
    const running = client.exec('cat', { buffer: false });
    const [echoed] = await Promise.all([
      buffer(running.stdout),
      pipeline(Readable.from(pieces(bytes)), running.stdin),
    ]);
    assert.ok(echoed.equals(bytes));
    const { stdout } = await client.exec('sha256sum', { input: bytes });
    assert.equal(stdout.split(' ')[0], createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('the input of a command', () => {
  let served: ServedClient;
  let client: Client;

  before(async () => {
    served = await serveClient();
    client = served.client;
  });

  after(() => served[Symbol.asyncDispose]());

  it('may be text, bytes, a stream of either kind, and anything that iterates', async () => {
    async function* slowly(): AsyncGenerator<string> {
      yield 'he';
      await nextTurn();
      yield 'llo';
    }
    const inputs = [
      'hello',
      Buffer.from('hello'),
      Readable.from(['he', 'llo']),
      new Blob(['hello']).stream(),
      ['he', Buffer.from('llo')],
      slowly(),
    ];
    for (const input of inputs) assert.equal((await client.exec('cat', { input })).stdout, 'hello');
  });

  it('is empty where none is given', async () => {
    assert.equal((await client.exec('cat')).stdout, '');
    assert.equal((await client.exec('cat', { input: '' })).stdout, '');
    assert.equal((await client.exec('cat', { stdin: 'ignore' })).stdout, '');
  });

  it('is the caller’s right after the call, or later where that was asked for', async () => {
    const later = client.exec('cat', { stdin: 'pipe' });
    await later.started;
    later.stdin.end('late');
    assert.equal((await later).stdout, 'late');
    const without = client.exec('sleep', ['5']);
    await without.started;
    assert.throws(() => without.stdin, /Cannot use stdin/);
    await without[Symbol.asyncDispose]();
    const given = client.exec('cat', { input: 'x' });
    assert.throws(() => given.stdin, /Cannot use stdin/);
    await given;
  });

  it('is dropped by a command that reads no more, and its source let go', async () => {
    const source = new PassThrough();
    source.write('one\ntwo\n');
    const { stdout } = await client.exec('head', ['-n', '1'], { input: source });
    assert.equal(stdout, 'one');
    assert.ok(source.destroyed);
    let isLetGo = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield 'y\n'.repeat(10_000);
      } finally {
        isLetGo = true;
      }
    }
    assert.equal((await client.exec('head', ['-n', '2'], { input: endless() })).stdout, 'y\ny');
    await nextTurn();
    assert.ok(isLetGo);
  });

  it('may be a file, of which every byte arrives', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'some bytes');
    const bytes = randomBytes(1_000_003); // ends within a frame, and within what one read brings
    writeFileSync(path, bytes);
    const hash = createHash('sha256').update(bytes).digest('hex');
    for (const inputFile of [path, pathToFileURL(path)]) {
      const { stdout } = await client.exec('sha256sum', { inputFile });
      assert.equal(stdout, `${hash}  -`);
    }
    writeFileSync(path, '');
    assert.equal((await client.exec('cat', { inputFile: path })).stdout, '');
  });

  it('may be a file that never ends, which a command need not read', async () => {
    const { stdout } = await client.exec('head', ['-c', '3'], { inputFile: '/dev/zero' });
    assert.equal(stdout, '\0\0\0');
  });

  it('runs nothing where its file cannot be read, and waits for nobody to write one', async () => {
    using folder = temporaryFolder();
    const target = join(folder.path, 'target');
    writeFileSync(target, 'precious');
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const refused: [inputFile: string, code: string, words: string][] = [
      ['/no/such/file', 'ENOENT', 'no such file'],
      ['/etc', 'EISDIR', 'inputFile must be a file, got the folder "/etc"'],
      [pipe, 'NOT_A_FILE', `inputFile must be a regular file, got a pipe, "${pipe}": use input`],
      ['/dev/ptmx', 'NOT_A_FILE', 'got a device, "/dev/ptmx"'],
    ];
    for (const [inputFile, code, words] of refused) {
      const running = client.exec('sh', ['-c', 'cat > "$1"', 'sh', target], { inputFile });
      const error = await failureOf(running);
      assert.equal(readFileSync(target, 'utf8'), 'precious');
      assert.deepEqual([error.code, (error.cause as NodeJS.ErrnoException).code], ['EINPUT', code]);
      assert.match(error.message, /was not run, since its input cannot be read/);
      assert.ok(error.message.includes(words), error.message);
      await assert.rejects(running.started, error);
      assert.equal(error.pid, undefined);
    }
  });

  it('is a file that is closed where the command is canceled before it runs', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'file');
    writeFileSync(path, 'text');
    for (let time = 0; time < 5; time += 1) {
      const canceled = new AbortController();
      const running = client.exec('cat', { inputFile: path, signal: canceled.signal });
      await undefined;
      canceled.abort(); // while the file is opened
      assert.equal((await failureOf(running)).code, 'ECANCELED');
    }
    await until(() => !openFiles().includes(path)); // it may have been opened after that
  });

  it('fails the command where it fails itself', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'x';
      await nextTurn();
      throw new Error('the disk is gone');
    }
    const error = await failureOf(client.exec('cat', { input: broken() }));
    assert.deepEqual([error.code, error.originalMessage], ['EINPUT', 'the disk is gone']);
    const wrong = [7] as unknown as string[];
    assert.equal((await failureOf(client.exec('cat', { input: wrong }))).code, 'EINPUT');
  });
});

/** What the descriptors of this process stand for. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return []; // that of the listing itself
    }
  });
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

async function firstOf(stream: Readable): Promise<string> {
  const [chunk] = (await new Promise<unknown[]>((resolve) =>
    stream.once('data', (...args: unknown[]) => resolve(args)),
  )) as [Buffer];
  return chunk.toString();
}
