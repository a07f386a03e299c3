import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { HealthListener, type HealthStatus } from '../../src/index.ts';
import { httpGet } from '../support/http-get.ts';

const address = ['127.0.0.1', 0] as const;

function listening(status: HealthStatus): HealthListener & AsyncDisposable {
  const listener = new HealthListener(address, () => ({ status, address: '127.0.0.1:1', active: 2 }));
  return Object.assign(listener, { [Symbol.asyncDispose]: () => listener.close() });
}

describe('a health listener', () => {
  it('answers 200 and a line of JSON while the server takes requests', async () => {
    await using listener = listening('serving');
    for (const path of ['/', '/ready', '/live', '/ready?verbose']) {
      const { status, headers, body } = await httpGet(listener.address, path);
      assert.equal(status, 200, path);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(body, '{"status":"serving","address":"127.0.0.1:1","active":2}\n');
    }
  });

  for (const state of ['starting', 'stopped', 'suspended', 'full', 'draining'] as const) {
    it(`answers 503 while the server is ${state}, but is alive`, async () => {
      await using listener = listening(state);
      for (const path of ['/', '/ready']) {
        const { status, body } = await httpGet(listener.address, path);
        assert.equal(status, 503);
        assert.equal((JSON.parse(body) as { status: string }).status, state);
      }
      const { status, body } = await httpGet(listener.address, '/live');
      assert.equal(status, 200);
      assert.equal((JSON.parse(body) as { status: string }).status, state);
    });
  }

  it('takes HEAD, and OPTIONS as HAProxy sends it, and no other method', async () => {
    await using listener = listening('full');
    for (const method of ['HEAD', 'OPTIONS']) {
      assert.equal((await httpGet(listener.address, '/', method)).status, 503);
    }
    assert.equal((await httpGet(listener.address, '/', 'HEAD')).body, '');
    const { status, headers } = await httpGet(listener.address, '/', 'POST');
    assert.equal(status, 405);
    assert.equal(headers.allow, 'GET, HEAD, OPTIONS');
  });

  it('knows no other path, and learns those that it is given', async () => {
    await using listener = listening('serving');
    assert.equal((await httpGet(listener.address, '/metrics')).status, 404);
    listener.route('/metrics', () => Promise.resolve({ body: 'up 1\n', contentType: 'text/x-metrics' }));
    const { status, headers, body } = await httpGet(listener.address, '/metrics');
    assert.deepEqual([status, headers['content-type'], body], [200, 'text/x-metrics', 'up 1\n']);
  });

  it('answers 500 for a path whose answer cannot be made, and goes on', async () => {
    await using listener = listening('serving');
    listener.route('/metrics', () => {
      throw new RangeError('no figures');
    });
    const { status, body } = await httpGet(listener.address, '/metrics');
    assert.deepEqual([status, body], [500, 'no figures\n']);
    assert.equal((await httpGet(listener.address)).status, 200);
  });

  it('throws EADDRINUSE from the constructor', async () => {
    await using listener = listening('serving');
    const report = () => ({ status: 'serving', address: '' }) as const;
    assert.throws(() => new HealthListener(listener.address, report), { code: 'EADDRINUSE' });
  });

  it('listens on a Unix path too, which goes with it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'socketserver-health-'));
    try {
      const path = join(directory, 'health.sock');
      const listener = new HealthListener(path, () => ({ status: 'serving', address: '' }));
      assert.equal((await httpGet(path)).status, 200);
      await listener.close();
      assert.equal(existsSync(path), false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses connections once it is closed', async () => {
    const listener = listening('serving');
    await Promise.all([listener.close(), listener.close()]);
    await assert.rejects(httpGet(listener.address), { code: 'ECONNREFUSED' });
  });

  it('does not keep the process alive, nor does a client that stays', async () => {
    const program = `
      import { connect } from 'node:net';
      import { HealthListener } from '${new URL('../../src/index.ts', import.meta.url).href}';
      const { address } = new HealthListener(['127.0.0.1', 0], () => ({ status: 'serving', address: '' }));
      const client = connect(address[1], address[0], () => client.unref());
      await new Promise((resolve) => client.once('connect', resolve));
      console.log('done');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    const [output, errors, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    assert.deepEqual([output, errors, status], ['done\n', '', 0]);
  });
});
