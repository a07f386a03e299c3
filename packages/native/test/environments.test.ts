import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createNativeEngine } from '../lib/index.ts';
import { client, openDescriptors } from './support/sockets.ts';
import { until } from '../../socketserver/test/support/until.ts';

const LIBRARY = new URL('../lib/index.ts', import.meta.url).href;
const BUSY_THREAD = new URL('./support/busy-thread.ts', import.meta.url);

function run(program: string): { status: number | null; stdout: string; stderr: string } {
  const source = `import { createNativeEngine } from '${LIBRARY}';
    const engine = createNativeEngine();
    const BIND = { reuseAddress: true, reusePort: false, ipv6Only: false };
    ${program}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 100_000,
  });
}

describe('a process', () => {
  test('ends when nothing is open', () => {
    const { status, stderr } = run('');
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('ends when what was open is closed, and hears of that before', () => {
    const { status, stdout, stderr } = run(`
      const listener = engine.bindStream(['127.0.0.1', 0], BIND);
      listener.listen(8);
      const connection = await engine.connect(listener.address);
      connection.start({ closed: () => console.log('closed') });
      await listener.close();
      connection.close();`);
    assert.deepEqual([status, stdout, stderr], [0, 'closed\n', '']);
  });

  test('is kept alive by a listener', () => {
    const { status, stdout } = run(`
      const listener = engine.bindStream(['127.0.0.1', 0], BIND);
      listener.listen(8);
      setTimeout(() => { console.log('still here'); void listener.close(); }, 50).unref();`);
    assert.deepEqual([status, stdout], [0, 'still here\n']);
  });

  test('sends what was written in its last turn', async () => {
    const { status, stdout } = run(`
      const listener = engine.bindStream(['127.0.0.1', 0], BIND);
      listener.listen(8);
      const near = await engine.connect(listener.address);
      await new Promise((resolve) => listener.notify(resolve));
      const far = listener.accept();
      far.start({ received: (bytes) => { console.log(bytes.toString()); return true; }, ended() { far.close(); }, closed() {} });
      far.resume();
      near.write(Buffer.from('last words'));
      near.close();
      await listener.close();`);
    assert.deepEqual([status, stdout], [0, 'last words\n']);
  });
});

describe('a thread', () => {
  test('has an engine of its own, and frees every descriptor when it is terminated', async () => {
    const before = openDescriptors();
    for (let round = 0; round < 5; round++) {
      const worker = new Worker(BUSY_THREAD);
      const [address] = (await once(worker, 'message')) as [[string, number]];
      const peer = await client(address);
      const failed = once(peer, 'close');
      peer
        .on('error', () => {})
        .on('end', () => peer.end())
        .resume();
      await once(worker, 'message');
      await worker.terminate();
      await failed;
    }
    await until(() => openDescriptors() <= before);
    assert.equal(openDescriptors(), before);
  });
});

test('one thread has one engine', () => {
  assert.equal(createNativeEngine(), createNativeEngine());
});

test('the package loads synchronously', () => {
  const loaded = createRequire(import.meta.url)(LIBRARY.replace('file://', '')) as {
    createNativeEngine: unknown;
  };
  assert.equal(loaded.createNativeEngine, createNativeEngine);
});
