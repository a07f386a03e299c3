import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveTimeouts } from '../../src/options/timeout-options.ts';
import type { Listener } from '../../src/engine/contract/connection.ts';
import type { Loan } from '../../src/engine/contract/loan.ts';
import type { LentRequest } from '../../src/workers/lent-requests.ts';
import type { WorkerStart } from '../../src/workers/messages/worker-start.ts';
import { PooledRequest, type RequestToServe } from '../../src/workers/pooled-request.ts';
import { PooledWorker } from '../../src/workers/pooled-worker.ts';
import { connectionClosed, ReportRing, requestEnded } from '../../src/workers/report-ring.ts';
import { RequestDurations } from '../../src/workers/request-durations.ts';
import type { Worker } from '../../src/workers/worker.ts';

const start: WorkerStart = {
  ordinal: 1,
  handler: { className: 'Quick', module: import.meta.url },
  serverAddress: ['127.0.0.1', 1],
  workerData: undefined,
  engine: 'node',
  connections: { timeouts: resolveTimeouts(undefined, 'Cannot test'), minBytesPerSecond: 0 },
  socket: undefined,
};

/** A thread that has served whatever comes before its server goes on. */
function quickThread(): Worker {
  const reports = new ReportRing();
  return {
    kind: 'thread',
    id: 1,
    isIdleNow: true,
    utilization: 0,
    reports,
    send(message) {
      if (message.type !== 'connection') return;
      reports.write(requestEnded, message.id, 0, 0);
      reports.write(connectionClosed, message.id, 5, 7);
    },
    setRef: () => {},
    terminate: () => {},
  };
}

const quickRequest: RequestToServe = {
  clientAddress: ['127.0.0.1', 2],
  isObserved: false,
  pack: () => assert.fail('it is there already'),
  handedOver: () => {},
  progressed: () => {},
  connectionClosed: () => {},
};

describe('a worker of a pool', () => {
  it('has ended a request whose end is looked for as it is told that a worker has it', async () => {
    const pooled = new PooledWorker(start, {
      restarts: 0,
      requestsPerWorker: 2,
      durations: new RequestDurations(),
      lent: {
        counts: { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 },
        isWatched: false,
      },
      adopt: () => assert.fail('nothing is lent'),
      create: quickThread,
      listener: () => ({ received: () => {}, exited: () => {} }),
    });
    pooled.ready();
    const news: string[] = [];
    const request = new PooledRequest(1, {
      clientAddress: ['127.0.0.1', 2],
      isObserved: false,
      pack: () => ({
        message: { type: 'connection', requestId: 1, handedOver: undefined },
        handedOver: { message: undefined },
      }),
      handedOver(worker) {
        news.push(`thread ${worker.id} has it`);
        assert.equal(pooled.takeReports(), 1);
      },
      progressed: () => {},
      connectionClosed: () => news.push('closed'),
    });
    assert.equal(pooled.serve(request), true);
    assert.deepEqual(news, ['thread 1 has it', 'closed']);
    assert.deepEqual([pooled.active, pooled.hasWork, pooled.stats().served], [0, false, 1]);
    assert.deepEqual(await request.ended, {});
  });

  it('counts the requests that it has served longest, whatever their numbers and whichever of them have ended', () => {
    const reports = new ReportRing();
    const pooled = new PooledWorker(start, {
      restarts: 0,
      requestsPerWorker: Infinity,
      durations: new RequestDurations(),
      lent: {
        counts: { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 },
        isWatched: false,
      },
      adopt: () => assert.fail('nothing is lent'),
      create: () => ({ ...quickThread(), reports, send: () => {} }),
      listener: () => ({ received: () => {}, exited: () => {} }),
    });
    pooled.ready();
    const serve = (ids: readonly number[]): void => {
      for (const id of ids) {
        const pack: RequestToServe['pack'] = () => ({
          message: { type: 'connection', requestId: id, handedOver: undefined },
        });
        pooled.serve(new PooledRequest(id, { ...quickRequest, pack }));
      }
    };
    serve([9, 10, 11, 12]);
    const between = performance.now();
    while (performance.now() === between); // the clock moves
    serve([32, 33, 64]);
    assert.equal(pooled.countBegunBy(between, 8), 4);
    reports.write(requestEnded, 10, 0, 0);
    pooled.takeReports();
    assert.equal(pooled.countBegunBy(between, 8), 3);
    assert.equal(pooled.countBegunBy(between, 2), 2);
    assert.equal(pooled.countBegunBy(Infinity, 8), 6);
  });

  it('makes a request like any other of one it took itself, before its end is read, once somebody is to be told', () => {
    const reports = new ReportRing();
    const came = [5];
    const adopted: boolean[] = [];
    const lent = {
      counts: { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 },
      isWatched: false,
    };
    const loan: Loan = {
      hasClients: false,
      cpuMs: 0,
      look(accepted) {
        for (const number of came.splice(0)) accepted(number, ['127.0.0.1', 2]);
        return 'out';
      },
      end: () => 6,
    };
    const pooled = new PooledWorker(start, {
      restarts: 0,
      requestsPerWorker: Infinity,
      durations: new RequestDurations(),
      lent,
      adopt: (_pooled: PooledWorker, { number, isRunning }: LentRequest) => {
        adopted.push(isRunning);
        return new PooledRequest(-number, quickRequest);
      },
      create: () => ({ ...quickThread(), reports, lend: () => loan }),
      listener: () => ({ received: () => {}, exited: () => {} }),
    });
    pooled.ready();
    pooled.lend({} as Listener, { number: 5, quota: 1 });
    pooled.takeReports();
    lent.isWatched = true;
    reports.write(requestEnded, -5, 0, 0);
    assert.equal(pooled.takeReports(), 1);
    assert.deepEqual([adopted, lent.counts.served, pooled.active], [[true], 0, 0]);
  });
});
