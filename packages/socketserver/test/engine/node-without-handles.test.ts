import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const tests = join(import.meta.dirname, '..');

/** The choice is made when the library is loaded, so this takes a process of its own. */
function runWithoutHandles(...files: readonly string[]): string {
  const env = { ...process.env, SOCKETSERVER_NODE_HANDLES: '0', SOCKETSERVER_ENGINE: 'node' };
  delete (env as NodeJS.ProcessEnv)['NODE_TEST_CONTEXT']; // or the runner below would report to the one above
  const args = ['--test', '--test-reporter=tap', ...files.map((file) => join(tests, file))];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

describe('the node engine, where sockets show no handle', () => {
  it('passes the same tests', () => {
    const report = runWithoutHandles(
      'request/stream-socket.test.ts',
      'request/detach.test.ts',
      'request/start-tls.test.ts',
      'server/lifecycle.test.ts',
      'server/request-order.test.ts',
      'transports/unix-stream-server.test.ts',
      'transports/proxy-protocol.test.ts',
      'transports/udp-server.test.ts',
      'transports/datagram-limits.test.ts',
      'engine/moving-after-reading.test.ts',
      'interop/no-delay.test.ts',
    );
    assert.match(report, /# fail 0/);
    assert.ok(Number(/# pass (\d+)/.exec(report)?.[1]) > 100);
  });
});
