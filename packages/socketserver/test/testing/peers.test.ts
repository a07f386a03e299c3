import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrentTCPServer } from '../../src/index.ts';
import { createMemoryEngine, peers, startServer, VirtualClock } from '../../src/testing/index.ts';
import { engines } from '../support/engines.ts';
import { Lines, Silent } from './handlers/lines.ts';

for (const [name, create] of engines) {
  describe(`peers on the ${name} engine`, () => {
    const start = (Handler: typeof Lines | typeof Silent = Lines) => {
      const choice = create();
      const engine =
        typeof choice === 'object' ? (choice as ReturnType<typeof createMemoryEngine>) : undefined;
      const running = startServer(ConcurrentTCPServer, Handler, { engine: choice });
      return { running, options: { engine }, [Symbol.asyncDispose]: () => running.stop() };
    };

    it('reset: at once, and in the middle of the answer', async () => {
      await using s = start();
      await peers.reset(s.running.address, 'hold\n', s.options);
      assert.equal((await s.running.nextError()).error.code, 'ECONNRESET');
      await peers.reset(s.running.address, 'stream\n', { ...s.options, afterBytes: 100_000 });
      assert.match(String((await s.running.nextError()).error.code), /^(ECONNRESET|EPIPE)$/);
    });

    it('halfClose: the server answers all the same', async () => {
      await using s = start();
      const answer = await peers.halfClose(s.running.address, 'one\ntwo', s.options);
      assert.equal(String(answer), 'ONE\nTWO\nthe end');
    });

    it('drip: piece by piece, until the server has enough', async () => {
      await using s = start();
      const all = await peers.drip(s.running.address, 'one\ntwo', { ...s.options, everyMs: 1 });
      assert.deepEqual(all, { sent: 7, cutOff: undefined, received: Buffer.from('ONE\nTWO\nthe end') });
      const some = { ...s.options, everyMs: 20, pieceBytes: 6 };
      const left = await peers.drip(s.running.address, `leave\n${'x'.repeat(6_000)}`, some);
      assert.equal(left.cutOff, 'end');
      assert.ok(left.sent < 6_000, `${left.sent}`);
    });

    it('drip: a reset is told from an end', async () => {
      await using s = start();
      const options = { ...s.options, everyMs: 20, pieceBytes: 6 };
      const { cutOff } = await peers.drip(s.running.address, `reset\n${'x'.repeat(6_000)}`, options);
      assert.equal(cutOff, 'reset');
    });

    it('neverRead: the handler waits, and its signal aborts once the peer is gone', async () => {
      await using s = start();
      await using peer = await peers.neverRead(s.running.address, 'stream\n', s.options);
      assert.equal(peer.bytesRead, 0);
      await peer.reset();
      assert.match(String((await s.running.nextError()).error.code), /^(ECONNRESET|EPIPE)$/);
      assert.equal(peer.bytesRead, 0);
    });

    it('flood: all are served, and counted', async () => {
      await using s = start();
      const options = { ...s.options, connections: 20, times: 3 };
      const report = await peers.flood(s.running.address, 'ab\n', options);
      const bytesRead = 20 * (3 * 3 + 'the end'.length);
      assert.deepEqual(report, { connected: 20, refused: 0, ended: 20, reset: 0, bytesRead });
      assert.equal(s.running.server.stats().accepted, 20);
    });

    it('flood: what is refused and what is reset is told', async () => {
      await using s = start();
      const resets = await peers.flood(s.running.address, 'reset\n', { ...s.options, connections: 5 });
      assert.deepEqual(resets, { connected: 5, refused: 0, ended: 0, reset: 5, bytesRead: 0 });
      const { address } = s.running;
      await s.running.stop();
      const refused = await peers.flood(address, 'x', { ...s.options, connections: 5 });
      assert.deepEqual(refused, { connected: 0, refused: 5, ended: 0, reset: 0, bytesRead: 0 });
    });

    it('connectAndVanish: each is an empty request', async () => {
      await using s = start(Silent);
      await peers.connectAndVanish(s.running.address, { ...s.options, count: 5 });
      await using last = await s.running.connect();
      await last.halfClose();
      await last.waitForEnd();
      assert.deepEqual(s.running.errors, []);
      assert.equal(s.running.server.stats().accepted, 6);
    });
  });
}

describe('peers.drip', () => {
  it('drips by the virtual clock of a memory engine', async () => {
    const clock = new VirtualClock();
    const engine = createMemoryEngine({ clock });
    await using running = startServer(ConcurrentTCPServer, Lines, { engine });
    const dripping = peers.drip(running.address, 'one\n', { engine, everyMs: 60_000 });
    await clock.advance(59_999);
    assert.equal(running.server.stats().bytesRead, 0);
    await clock.advance(3 * 60_000 + 1);
    assert.equal((await dripping).sent, 4);
  });
});
