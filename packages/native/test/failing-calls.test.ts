import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const { ECONNABORTED, EINTR, ENOBUFS, ENOMEM, ENETDOWN, EPROTO, ENOPROTOOPT } = constants.errno;
const { EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH } = constants.errno;
/** Node does not name them. [errno(3)] */
const ENONET = 64;
const EHOSTDOWN = 112;

const folder = mkdtempSync(join(tmpdir(), 'failing-calls-'));
const library = join(folder, 'failing-calls.so');
after(() => rmSync(folder, { recursive: true }));
before(() => {
  const source = join(import.meta.dirname, 'support/failing-calls.cc');
  execFileSync(process.env['CXX'] ?? 'g++', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
});

/** What each call fails with, in turn; then it goes through. */
type Failures = Readonly<Record<string, readonly number[]>>;

/** Runs Node while calls of the engine fail. @returns what it said, and how often each call has failed. */
function runNode(args: readonly string[], failures: Failures) {
  const told = join(folder, 'failed');
  rmSync(told, { force: true });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    // A sanitizer's own library must come first, and is one of those that are preloaded then.
    LD_PRELOAD: [process.env['LD_PRELOAD'], library].filter((name) => name !== undefined).join(' '),
    FAILING_CALLS: Object.entries(failures)
      .map(([name, errors]) => `${name}=${errors.join(',')}`)
      .join(' '),
    FAILED_CALLS: told,
    FUZZ_SEEDS: '6',
  };
  delete env['NODE_TEST_CONTEXT']; // or the runner below would report to the one above
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  const failed: Record<string, number> = {};
  for (const line of existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : []) {
    const [name, count] = line.split(' ') as [string, string];
    failed[name] = (failed[name] ?? 0) + Number(count);
  }
  return { stdout, failed };
}

/** Runs tests of this package so: all must pass, and each call must have failed. */
function passes(failures: Failures, ...tests: readonly string[]): void {
  const { failed } = runNode(['--test', '--test-timeout=200000', '--test-force-exit', ...tests], failures);
  assert.deepEqual(Object.keys(failed).toSorted(), Object.keys(failures).toSorted());
}

const test = (name: string): string => join(import.meta.dirname, `${name}.test.ts`);
const streams = ['listeners', 'connecting', 'streams', 'stream-ends'].map(test);

describe('the engine loses nothing', () => {
  it('where signals interrupt its calls', () => {
    const received = { recv: [EINTR], recvmsg: [EINTR], recvmmsg: [EINTR] };
    const sent = { send: [EINTR], sendmsg: [EINTR], sendmmsg: [EINTR], sendfile64: [EINTR] };
    const failures = { accept4: [EINTR], epoll_wait: [EINTR], ...received, ...sent };
    passes(failures, ...streams, test('datagrams'), test('fuzz'), test('loans'));
  });

  it('where a signal interrupts the wait for a process', () => {
    const some = '--test-name-pattern=/^(ends with|is an error at once|leave nothing|that ends) /';
    passes({ waitid: [EINTR] }, some, test('start-process'));
  });

  it('where clients are gone before they are accepted, or their networks are', () => {
    const networks = [
      ENETDOWN,
      EPROTO,
      ENOPROTOOPT,
      EHOSTDOWN,
      ENONET,
      EHOSTUNREACH,
      EOPNOTSUPP,
      ENETUNREACH,
    ];
    passes({ accept4: [ECONNABORTED, ...networks] }, test('fuzz'), test('loans'));
  });

  it('where more clients are gone than it passes over at once', () => {
    passes({ accept4: Array.from({ length: 100 }, () => ECONNABORTED) }, test('fuzz'), test('loans'));
  });

  it('where the kernel has no memory for what connections send', () => {
    const failures = { send: [ENOBUFS], sendmsg: [ENOBUFS, ENOBUFS], sendfile64: [ENOBUFS] };
    passes(failures, ...streams);
  });

  it('where the kernel has no memory for datagrams', () => {
    const failures = { sendmsg: [ENOBUFS, ENOBUFS], sendmmsg: [ENOBUFS] };
    // Others expect that what is wrong with a datagram is thrown at once.
    const some = '--test-name-pattern=/^(keeps|sends|waits) /';
    passes(failures, some, test('datagrams'));
  });
});

describe('a connection for which the kernel has no memory', () => {
  const program = join(import.meta.dirname, 'support/out-of-memory.ts');
  const once = [ENOMEM, ...Array.from({ length: 50 }, () => 0)];
  for (const call of ['recv', 'send'] as const) {
    it(`ends with its error where ${call}(2) says so, and no other one does`, () => {
      const { stdout } = runNode([program], { [call]: once });
      const failed = call === 'recv' ? 'read ENOMEM' : 'write ENOMEM';
      assert.equal(stdout, `${failed}\nhello\nhello\n`);
    });
  }
});
