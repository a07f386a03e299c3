import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler } from '../../src/index.ts';
import { resolveTimeouts } from '../../src/options/timeout-options.ts';
import { ReportRing } from '../../src/workers/report-ring.ts';
import { RequestService } from '../../src/workers/request-service.ts';

describe('the service of a thread', () => {
  it('shows no sign of life before a handler that may block has given the event loop back', () => {
    const ring = new ReportRing();
    let seen = -1;
    class Blocking extends BaseRequestHandler<unknown> {
      override handle() {
        seen = ring.beats;
        return new Promise<void>(() => {});
      }
    }
    const service = new RequestService(
      {
        ordinal: 1,
        handler: { className: 'Blocking', module: import.meta.url },
        serverAddress: ['127.0.0.1', 1],
        workerData: undefined,
        engine: 'node',
        connections: {
          timeouts: resolveTimeouts({ requestMs: Infinity }, 'Cannot test'),
          minBytesPerSecond: 0,
        },
        socket: undefined,
        reports: ring.memory,
      },
      Blocking,
      { post: () => {}, exit: () => {} },
    );
    service.received({
      type: 'datagram',
      id: 1,
      requestId: 1,
      clientAddress: ['127.0.0.1', 2],
      bytes: new Uint8Array(1),
      isTruncated: false,
      isObserved: false,
    });
    assert.equal(seen, 0);
    assert.equal(ring.beats, 1);
  });
});
