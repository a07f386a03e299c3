import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BaseRequestHandler, ForkingTCPServer, ThreadingTCPServer } from '../../src/index.ts';

export class Idle extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

const address = ['127.0.0.1', 0] as const;

describe('workerData that cannot reach a worker', () => {
  it('is refused by the constructor, in words, before anything starts', () => {
    for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
      assert.throws(() => new Server(address, Idle, { workerData: () => 1 }), {
        name: 'TypeError',
        message: new RegExp(`Cannot construct ${Server.name}: options\\.workerData must be data that a`),
      });
    }
    const shared = { memory: new SharedArrayBuffer(8) };
    assert.throws(() => new ForkingTCPServer(address, Idle, { workerData: shared }), /a process can be sent/);
  });

  it('may be shared memory for threads', async () => {
    await new ThreadingTCPServer(address, Idle, { workerData: new SharedArrayBuffer(8) }).serverClose();
  });
});
