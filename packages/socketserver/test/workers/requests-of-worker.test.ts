import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PooledRequest } from '../../src/workers/pooled-request.ts';
import { RequestDurations } from '../../src/workers/request-durations.ts';
import { RequestsOfWorker } from '../../src/workers/requests-of-worker.ts';

/** A request that came to its worker at a time. */
function requestOf(id: number, begunAt: number): PooledRequest {
  const request = new PooledRequest(id, {
    clientAddress: ['127.0.0.1', Math.abs(id)],
    isObserved: false,
    pack: () => assert.fail('it is there already'),
    handedOver() {},
    progressed() {},
    connectionClosed() {},
  });
  request.begunAt = begunAt;
  return request;
}

function requestsOfWorker(): RequestsOfWorker {
  const counts = { accepted: 0, served: 0, bytesRead: 0, bytesWritten: 0 };
  return new RequestsOfWorker({
    durations: new RequestDurations(),
    lent: { counts, isWatched: false },
    adopt: () => assert.fail('nothing is lent'),
  });
}

describe('the requests of a worker', () => {
  const came = [33, 64, -7, -8, 65, 1_000, 2];

  it('are told in the order in which they came to it, whatever their numbers', () => {
    const requests = requestsOfWorker();
    for (const id of came.toReversed()) requests.add(requestOf(id, id < 0 ? 2.5 : came.indexOf(id)));
    assert.deepEqual(
      requests.inOrder.map(({ id }) => id),
      came,
    );
  });

  it('end in that order when it is lost', async () => {
    const requests = requestsOfWorker();
    const ended: number[] = [];
    for (const id of came.toReversed()) {
      const request = requestOf(id, id < 0 ? 2.5 : came.indexOf(id));
      void request.ended.then(() => ended.push(id));
      requests.add(request);
    }
    requests.lost(new Error('gone'));
    await new Promise(setImmediate);
    assert.deepEqual(ended, came);
  });
});
