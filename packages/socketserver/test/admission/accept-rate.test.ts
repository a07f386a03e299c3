import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, ConcurrentTCPServer, type StreamLimitOptions } from '../../src/index.ts';
import { createMemoryEngine, VirtualClock } from '../../src/testing/index.ts';
import { serving } from '../support/serving.ts';
import { someTurns } from '../support/turns.ts';

class Hangs extends BaseRequestHandler {
  override async handle() {
    await this.request.recv(1);
  }
}

/** A server in memory, with a time of its own, and many clients at once. */
function start(limits: StreamLimitOptions) {
  const clock = new VirtualClock();
  const engine = createMemoryEngine({ clock });
  const server = new ConcurrentTCPServer(['127.0.0.1', 1], Hangs, {
    engine,
    limits,
    timeouts: { drainMs: 0 },
    access: { deny: ['192.0.2.1'] },
  });
  const come = async (count: number, host = '127.0.0.1') => {
    for (let index = 0; index < count; index += 1)
      await engine.connect(server.serverAddress, { localAddress: [host, 0] });
    await someTurns();
  };
  const { [Symbol.asyncDispose]: end } = serving(server);
  return {
    server,
    clock,
    come,
    in: () => server.stats().active,
    async [Symbol.asyncDispose]() {
      const ended = end();
      await clock.advance(5_000);
      await ended;
    },
  };
}

describe('limits.acceptRate', () => {
  it('lets so many in at once, and then as time goes', async () => {
    await using running = start({ acceptRate: 4 });
    const { clock } = running;
    await running.come(10);
    assert.equal(running.in(), 4);
    await clock.advance(249);
    assert.equal(running.in(), 4);
    await clock.advance(1);
    assert.equal(running.in(), 5);
    await clock.advance(500);
    assert.equal(running.in(), 7);
    running.server.limits.acceptRate = Infinity;
    await someTurns();
    assert.equal(running.in(), 10);
  });

  it('refuses those who come faster, if it is to', async () => {
    await using running = start({ acceptRate: 4, onLimit: 'refuse' });
    await running.come(10);
    const { active, accepted, refused } = running.server.stats();
    assert.deepEqual([active, accepted, refused], [4, 10, 6]);
    await running.clock.advance(500);
    await running.come(3);
    assert.deepEqual([running.in(), running.server.stats().refused], [6, 7]);
  });

  it('does not count those whom an access list refuses', async () => {
    await using running = start({ acceptRate: 1 });
    await running.come(20, '192.0.2.1');
    assert.equal(running.server.stats().refused, 20);
    await running.come(2);
    assert.equal(running.in(), 1);
  });

  it('takes nobody while it is suspended, and refuses nobody either', async () => {
    await using running = start({ acceptRate: 1, maxConnections: 1, onLimit: 'refuse' });
    await running.come(1);
    running.server.suspend();
    await running.come(5);
    assert.deepEqual([running.in(), running.server.stats().refused], [1, 0]);
    running.server.resume();
    await someTurns();
    assert.equal(running.server.stats().refused, 5);
  });
});
