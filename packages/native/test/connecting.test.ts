import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createNativeEngine } from '../lib/index.ts';
import { CollectingSink } from './support/collecting-sink.ts';
import { BIND, LOOPBACK, accept, listen } from './support/sockets.ts';

const engine = createNativeEngine();

describe('connect', () => {
  test('opens a connection, by name too, that both ends agree on', async () => {
    const listener = listen();
    const near = new CollectingSink(await engine.connect(['localhost', Number(listener.address[1])]));
    const far = new CollectingSink(await accept(listener));
    assert.deepEqual(near.connection.localAddress, far.connection.remoteAddress);
    assert.deepEqual(near.connection.remoteAddress, far.connection.localAddress);
    near.connection.write(Buffer.from('ping'));
    assert.equal((await far.read()).toString(), 'ping');
    far.connection.close();
    assert.equal((await near.readAll()).length, 0);
    near.connection.close();
    await listener.close();
  });

  test('learns of bytes and of an end that were there before it looked', async () => {
    const listener = listen();
    const connecting = engine.connect(listener.address);
    const latest = Date.now() + 60_000;
    while (!listener.isReady) assert.ok(Date.now() < latest, 'the client has not arrived');
    const far = listener.accept()!;
    far.write(Buffer.from('hello and goodbye'));
    far.close();
    // Carried out without a turn of the event loop, so that one event tells of everything.
    engine.binding.flush();
    const near = new CollectingSink(await connecting);
    assert.equal((await near.readAll()).toString(), 'hello and goodbye');
    near.connection.close();
    await listener.close();
  });

  test('rejects with the error that Node gives', async () => {
    const bound = engine.bindStream(LOOPBACK, BIND); // nobody else can listen there, and it does not
    const port = Number(bound.address[1]);
    await assert.rejects(engine.connect(['127.0.0.1', port]), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
      address: '127.0.0.1',
      port,
    });
    await bound.close();
    await assert.rejects(engine.connect('/nowhere/at/all'), { code: 'ENOENT', address: '/nowhere/at/all' });
  });

  test('gives up when its signal says so', async () => {
    const listener = listen(LOOPBACK, 1);
    const controller = new AbortController();
    const reason = new Error('enough');
    // A full backlog keeps further connections waiting. [listen(2)]
    const waiting = Array.from({ length: 8 }, () =>
      engine.connect(listener.address, { signal: controller.signal }),
    );
    const settled = Promise.allSettled(waiting);
    await new Promise(setImmediate);
    controller.abort(reason);
    const results = await settled;
    for (const result of results) {
      if (result.status === 'fulfilled') result.value.reset();
      else assert.equal(result.reason, reason);
    }
    assert.ok(results.some((result) => result.status === 'rejected'));
    await assert.rejects(engine.connect(listener.address, { signal: AbortSignal.abort(reason) }), reason);
    await listener.close();
  });
});

test('a connection that the system does not watch ends with its error', () => {
  const directory = mkdtempSync(join(tmpdir(), 'unwatched-'));
  const library = join(directory, 'watches-nothing.so');
  const support = (name: string): string => join(import.meta.dirname, 'support', name);
  try {
    execFileSync(process.env['CXX'] ?? 'g++', [
      '-shared',
      '-fPIC',
      '-o',
      library,
      support('watches-nothing.cc'),
      '-ldl',
    ]);
    // A sanitizer's own library must come first, and is one of those that are preloaded then.
    const preloaded = [process.env['LD_PRELOAD'], library].filter((name) => name !== undefined).join(' ');
    const env = { ...process.env, LD_PRELOAD: preloaded };
    const said = execFileSync(process.execPath, [support('unwatched.ts')], {
      env,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.match(said, /^read: read ENOSPC\nwrite: read ENOSPC\nconnect: connect ENOSPC 127\.0\.0\.1:\d+\n$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
