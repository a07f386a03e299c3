import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ThreadingTCPServer } from '../../src/index.ts';
import { requestEndedChannel } from '../../src/diagnostics/request-events.ts';
import { borrowersOf } from '../support/borrowers.ts';
import { answerOf, ask, clientsAtOnce, Flood, lentTo, open, untilLent } from '../support/flood.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { Errand } from './handlers/lent.ts';
import { hasLending, lendingServer, two } from './lending-server.ts';

describe('a listener on loan to threads', { skip: !hasLending }, () => {
  it('is lent while many short requests come, and no longer', async () => {
    const server = lendingServer({ workers: two });
    await using _ = serving(server);
    const flood = await untilLent(server);
    await flood.more(100);
    await flood.stop();
    await until(() => lentTo(server) === 0, 5);
    const ids = flood.answers.map((answer) => Number(answer.split(' ')[2]));
    assert.deepEqual(
      ids.toSorted((a, b) => a - b),
      Array.from(ids, (_id, index) => index + 1),
    );
    await until(() => server.stats().bytesRead === ids.length * 'flood\n'.length);
    const { accepted, served, failed, active, workers } = server.stats();
    assert.deepEqual([accepted, served, failed, active], [ids.length, ids.length, 0, 0]);
    assert.deepEqual(
      workers.map((worker) => worker.active),
      [0, 0],
    );
    assert.equal(
      workers.reduce((sum, worker) => sum + worker.served, 0),
      ids.length,
    );
    assert.equal((await ask(server, 'later')).split(' ')[2], String(ids.length + 1));
  });

  for (const [what, give] of [
    ['an access list is set', (server: ThreadingTCPServer) => (server.access.deny = ['192.0.2.1'])],
    ['it is suspended', (server: ThreadingTCPServer) => server.suspend()],
    ['it is shut down', (server: ThreadingTCPServer) => void server.shutdown()],
    ['it is closed', (server: ThreadingTCPServer) => void server.serverClose()],
  ] as const) {
    it(`ends within the call by which ${what}`, async () => {
      const server = lendingServer();
      await using _ = serving(server);
      const flood = await untilLent(server);
      const fileno = server.fileno();
      give(server);
      assert.ok(borrowersOf({ fileno }) <= 0);
      const { accepted } = server.stats();
      for (let turn = 0; turn < 50; turn += 1) await nextTurn();
      if (server.isSuspended || what !== 'an access list is set')
        assert.equal(server.stats().accepted, accepted);
      if (server.isSuspended) server.resume();
      if (what === 'it is shut down') await server.serverClose();
      await flood.stop().catch(() => {}); // there may be no server any more
    });
  }

  it('ends when a hook is given that has to see each request', async () => {
    const server = lendingServer();
    await using _ = serving(server);
    const flood = await untilLent(server);
    const seen = new Set<number>();
    server.verifyRequest = (request: { readonly id: number }) => seen.add(request.id).size > 0;
    await until(() => lentTo(server) === 0, 5);
    await flood.more(200);
    assert.equal(lentTo(server), 0);
    await flood.stop();
    assert.ok(seen.size >= 200 - clientsAtOnce, `${seen.size} of 200`); // the others had been taken before
  });

  it('ends when somebody wants to be told of requests, who is told of all from then on', async () => {
    const server = lendingServer();
    await using _ = serving(server);
    const flood = await untilLent(server);
    let ended = 0;
    const { served } = server.stats();
    const count = (): void => void (ended += 1);
    requestEndedChannel.subscribe(count);
    await until(() => lentTo(server) === 0, 5);
    await flood.stop();
    await until(() => server.stats().active === 0);
    requestEndedChannel.unsubscribe(count);
    const told = ended;
    const all = server.stats().served - served;
    assert.ok(told <= all + clientsAtOnce && told >= all, `${told} of ${all}`);
  });

  it('moves to a fresh thread at a reload, with no client lost', async () => {
    const server = lendingServer();
    await using _ = serving(server);
    const flood = await untilLent(server);
    const before = new Set(flood.answers.map((answer) => answer.split(' ')[1]));
    await server.reload();
    const { length } = flood.answers;
    await flood.more(100);
    await flood.stop();
    for (const answer of flood.answers.slice(length + clientsAtOnce)) {
      assert.equal(before.has(answer.split(' ')[1]), false);
    }
  });

  it('is not lent while clients that waited for a limit are still to be taken', async () => {
    class Open extends ThreadingTCPServer {
      get mayLend(): boolean {
        return this.plainListener !== undefined;
      }
    }
    const server = new Open(['127.0.0.1', 0], Errand, {
      engine: 'native',
      limits: { maxConnectionsPerAddress: 1 },
    });
    await using _ = serving(server);
    const staying = open(server, 'stay');
    await answerOf(staying);
    const waiting = open(server, 'flood');
    await once(waiting, 'connect');
    for (let turn = 0; turn < 50; turn += 1) await nextTurn(); // it is accepted, and kept
    server.limits.maxConnectionsPerAddress = Infinity;
    assert.equal(server.mayLend, false);
    assert.match(await answerOf(waiting), /^flood /);
    assert.equal(server.mayLend, true);
    staying.destroy();
    waiting.destroy();
  });

  it('is not what handleRequest does', async () => {
    const server = lendingServer();
    for (let count = 0; count < 100; count += 1) {
      const answer = ask(server, 'once');
      await server.handleRequest();
      await answer;
      assert.equal(lentTo(server), 0);
    }
    await server.serverClose();
  });

  it('is nothing that the node engine knows', async () => {
    const server = lendingServer({ engine: 'node' });
    await using _ = serving(server);
    const flood = new Flood(server);
    await flood.more(300);
    await flood.stop();
    await until(() => server.stats().active === 0);
    assert.equal(server.stats().served, flood.answers.length);
  });
});
