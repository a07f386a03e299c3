import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerLostError } from '../../src/index.ts';
import { workerLostChannel, type WorkerLostEvent } from '../../src/diagnostics/worker-events.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { answerOf, ask, lentTo, open, untilLent } from '../support/flood.ts';
import { serving } from '../support/serving.ts';
import { signOfLifeMs } from '../support/sign-of-life.ts';
import { until } from '../support/until.ts';
import { hasLending, lendingServer, one, two } from './lending-server.ts';

describe('clients that threads took themselves', { skip: !hasLending }, () => {
  it('cost those nothing who come while the handler of one of them computes', async () => {
    const [spins, mayEnd] = [0, 1];
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const server = lendingServer({ workerData: flags, workers: two });
    await using _ = serving(server);
    const flood = await untilLent(server);
    const spinning = ask(server, 'spin');
    await until(() => Atomics.load(flags, spins) === 1);
    await delay(signOfLifeMs);
    // Those that the thread had taken by then wait with it, as those would that were handed over.
    for (let count = 0; count < 50; count += 1) assert.match(await ask(server, 'new'), /^new /);
    Atomics.store(flags, mayEnd, 1);
    await flood.stop();
    assert.match(await spinning, /^spin /);
  });

  it('do not spare a thread that is blocked for too long', async () => {
    const spins = 0;
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const losses: WorkerLostEvent[] = [];
    const server = lendingServer({ workerData: flags, workers: { ...one, blockedMs: 1_000 } });
    server.handleWorkerLost = (event: WorkerLostEvent) => void losses.push(event);
    server.handleError = () => {};
    await using _ = serving(server);
    const flood = await untilLent(server);
    const spinning = open(server, 'spin');
    const ended = new Promise((resolve) => spinning.on('error', () => {}).once('close', resolve));
    await until(() => Atomics.load(flags, spins) === 1);
    await flood.stop().catch(() => {}); // those that the thread had end with it
    await ended;
    await until(() => losses.length === 1);
    assert.equal((losses[0]!.error as WorkerLostError).reason, 'blocked');
    assert.match(await ask(server, 'after'), /^after /);
  });

  it('go down with their thread, and nobody else does; it is told whose they were', async () => {
    const errors = new ErrorCollector();
    const losses: WorkerLostEvent[] = [];
    const lost = (event: unknown): void => void losses.push(event as WorkerLostEvent);
    workerLostChannel.subscribe(lost);
    const server = lendingServer();
    server.handleError = errors.handleError;
    server.handleWorkerLost = () => {};
    await using _ = serving(server);
    const flood = await untilLent(server);
    const fatal = open(server, 'exit');
    await once(fatal, 'connect');
    const { port } = fatal.address() as { readonly port: number };
    await once(fatal, 'close');
    await flood.stop().catch(() => {}); // those that the thread had end with it
    await until(() => losses.length === 1 && server.stats().active === 0);
    workerLostChannel.unsubscribe(lost);
    const { failed } = server.stats();
    const told = losses[0]!.lostRequests.map(String);
    assert.ok(told.includes(`127.0.0.1,${port}`));
    assert.equal(failed, told.length);
    assert.deepEqual(
      errors.all.map(({ clientAddress }) => String(clientAddress)).toSorted(),
      told.toSorted(),
    );
    assert.match(await ask(server, 'after'), /^after /);
  });

  it('bring what a handler throws to handleError, with the address of its client', async () => {
    const errors = new ErrorCollector();
    const server = lendingServer();
    server.handleError = errors.handleError;
    await using _ = serving(server);
    const flood = await untilLent(server);
    const failing = open(server, 'fail');
    await once(failing, 'connect');
    const { port } = failing.address() as { readonly port: number };
    await once(failing, 'close');
    const { clientAddress, error } = await errors.next();
    assert.deepEqual([clientAddress, error.code], [['127.0.0.1', port], 'EWISH']);
    await flood.stop();
    assert.equal(server.stats().failed, 1);
  });

  it('are counted by a limit, from within the call that sets it', async () => {
    const server = lendingServer();
    await using _ = serving(server);
    const flood = await untilLent(server);
    const staying = Array.from({ length: 5 }, () => open(server, 'stay'));
    await Promise.all(staying.map(answerOf));
    await flood.stop();
    const again = await untilLent(server);
    server.limits.maxConnections = 5;
    assert.equal(lentTo(server), 0);
    server.limits.onLimit = 'refuse';
    await assert.rejects(again.ended); // whose clients go on until they are refused
    await until(() => server.stats().active === 5);
    for (let more = 0; more < 5; more += 1) await assert.rejects(ask(server, 'one more'));
    staying.pop()!.destroy();
    await until(() => ask(server, 'in its place').then(Boolean, () => false));
    for (const socket of staying) socket.destroy();
  });

  it('are counted as served once, and from then on, though their connections outlast the loan', async () => {
    const server = lendingServer();
    await using _ = serving(server);
    const flood = await untilLent(server);
    const [host, port] = server.serverAddress;
    const lingering: Socket[] = [];
    for (let count = 0; count < 20; count += 1) {
      const socket = createConnection({ host, port, allowHalfOpen: true });
      socket.write('flood\n');
      lingering.push(socket);
      await answerOf(socket);
    }
    const { served } = server.stats();
    server.limits.maxConnections = 1_000;
    assert.equal(lentTo(server), 0);
    assert.ok(server.stats().served >= served, `${server.stats().served} after ${served}`);
    for (const socket of lingering) socket.destroy();
    await flood.stop();
    await until(() => server.stats().active === 0);
    const { accepted, served: all, failed } = server.stats();
    assert.deepEqual([accepted, all, failed], [flood.answers.length + 20, flood.answers.length + 20, 0]);
  });

  it('are spread over the threads, where they stay', async () => {
    const server = lendingServer({ workers: two });
    await using _ = serving(server);
    const flood = await untilLent(server);
    const staying: Socket[] = [];
    const perThread = new Map<string, number>();
    // How even they are hangs on which thread gets a core; that one alone has them all does not.
    while ((perThread.size < 2 || Math.min(...perThread.values()) < 80) && staying.length < 3_000) {
      const more = Array.from({ length: 20 }, () => open(server, 'stay'));
      staying.push(...more);
      for (const answer of await Promise.all(more.map(answerOf))) {
        const thread = answer.split(' ')[1]!;
        perThread.set(thread, (perThread.get(thread) ?? 0) + 1);
      }
    }
    await flood.stop();
    for (const socket of staying) socket.destroy();
    const counts = [...perThread.values()];
    assert.ok(counts.length === 2 && counts.every((count) => count >= 80), `spread ${counts.join(' and ')}`);
    await until(() => server.stats().active === 0);
  });

  it('are drained as all others', async () => {
    const server = lendingServer({ timeouts: { drainMs: 200 } });
    const loop = server.serveForever();
    const flood = await untilLent(server);
    const staying = open(server, 'stay');
    await answerOf(staying);
    staying.on('error', () => {}); // it is reset
    const closed = new Promise((resolve) => staying.once('close', resolve));
    await Promise.all([closed, server.serverClose(), loop]);
    await flood.stop().catch(() => {});
    assert.equal(server.stats().active, 0);
  });
});
