import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import { ForkingMixIn, StreamRequestHandler, TCPServer, ThreadingMixIn } from '../../src/index.ts';
import { serving } from '../support/serving.ts';

export class Idle extends StreamRequestHandler {
  static override readonly module = import.meta.url;
}

const address = ['127.0.0.1', 0] as const;

/** A server whose constructor gives it what it needs, before a mixin has any worker. */
class Guarded extends TCPServer {
  readonly stopped: Promise<void>;

  constructor(...args: ConstructorParameters<typeof TCPServer>) {
    super(...args);
    this.access.deny = ['192.0.2.1'];
    this.limits.acceptRate = 1_000;
    this.limits.maxConnections = 10;
    this.limits.maxConnectionsPerAddress = 5;
    this.limits.maxPending = 20;
    this.limits.onLimit = 'refuse';
    this.stopped = this.shutdown();
  }
}

for (const [name, MixIn] of [
  ['ThreadingMixIn', ThreadingMixIn],
  ['ForkingMixIn', ForkingMixIn],
] as const) {
  describe(`a class under ${name}`, () => {
    it('sets access lists and limits in its constructor, and may be told there to stop', async () => {
      const server = new (MixIn(Guarded))(address, Idle);
      assert.equal(server.access.deny?.check('192.0.2.1'), true);
      const { acceptRate, maxConnections, maxConnectionsPerAddress, maxPending, onLimit } = server.limits;
      assert.deepEqual(
        [acceptRate, maxConnections, maxConnectionsPerAddress, maxPending, onLimit],
        [1_000, 10, 5, 20, 'refuse'],
      );
      await server.serveForever(); // the shutdown was remembered
      await server.stopped;
      await server.serverClose();
    });

    it('keeps to the terms of its constructor', async () => {
      class Closed extends TCPServer {
        constructor(...args: ConstructorParameters<typeof TCPServer>) {
          super(...args);
          this.access.deny = ['127.0.0.1'];
        }
      }
      const server = new (MixIn(Closed))(address, Idle);
      await using _ = serving(server);
      const [, port] = server.serverAddress;
      const client = createConnection({ host: '127.0.0.1', port });
      client.on('error', () => {}); // it is reset
      await new Promise((resolve) => client.once('close', resolve));
      assert.equal(server.stats().refused, 1);
    });
  });
}
