import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pong, Report } from '../../src/workers/messages/from-worker.ts';
import { Reporter } from '../../src/workers/reporter.ts';
import { ReportRing } from '../../src/workers/report-ring.ts';

/** A reporter whose news goes no further, and for which no time passes. */
function reporterOf(t: TestContext, ring?: ReportRing) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const posted: (Report | Pong)[] = [];
  return { posted, reporter: new Reporter((message) => posted.push(message), ring) };
}

for (const [kind, makeRing] of [
  ['thread', () => new ReportRing()],
  ['process', () => undefined],
] as const) {
  describe(`the reporter of a ${kind}`, () => {
    it('tells within the turn that a request has ended for whose end others wait, though one goes on', async (t) => {
      const { posted, reporter } = reporterOf(t, makeRing());
      reporter.maxRunning = 2;
      reporter.began();
      reporter.began();
      reporter.served(1);
      await nextTurn();
      assert.equal(posted.length, 1);
    });

    it('counts an end that was not told as room that the server does not see', async (t) => {
      const { posted, reporter } = reporterOf(t, makeRing());
      reporter.maxRunning = 3;
      reporter.began();
      reporter.began();
      reporter.served(1);
      await nextTurn();
      assert.equal(posted.length, 0);
      reporter.began();
      await nextTurn();
      assert.equal(posted.length, 1);
    });

    it('tells the end of a connection within the turn where limits count connections', async (t) => {
      const { posted, reporter } = reporterOf(t, makeRing());
      reporter.tellsEndsAtOnce = true;
      reporter.began();
      reporter.closed({ id: 1, bytesRead: 0, bytesWritten: 0 }, false);
      await nextTurn();
      assert.equal(posted.length, 1);
    });

    it('gathers ends that nobody waits for while there is work', async (t) => {
      const { posted, reporter } = reporterOf(t, makeRing());
      for (let count = 0; count < 5; count += 1) reporter.began();
      for (const id of [1, 2, 3]) reporter.served(id);
      await nextTurn();
      assert.equal(posted.length, 0);
      t.mock.timers.tick(4);
      assert.equal(posted.length, 1);
    });
  });
}
