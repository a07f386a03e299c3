import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { BaseRequestHandler, ConcurrentTLSServer } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const { cert, key } = authority.issue('localhost', { names: 'IP:127.0.0.1' });
const tls = { cert, key };
const trusting = { ca: authority.cert };

const mebibyte = 1_048_576;
const totalBytes = 128 * mebibyte;
/** What the kernel holds for both ends on the loopback (10 MiB at most, by default), and ours. */
const heldBytes = 24 * mebibyte;

/** Waits until a count has stood still for 500 turns of the event loop. */
async function standstill(count: () => number): Promise<number> {
  let last = -1;
  for (let turns = 0; turns < 500; turns += 1) {
    if (count() !== last) turns = 0;
    last = count();
    await new Promise(setImmediate);
  }
  return last;
}

describe('back pressure through TLS', () => {
  for (const chunkBytes of [1_024, 65_536, mebibyte]) {
    it(`stops a handler that sends ${chunkBytes} bytes at a time to a client that does not read`, async () => {
      let sent = 0;
      class Stream extends BaseRequestHandler {
        override async handle() {
          const chunk = Buffer.alloc(chunkBytes, 'x');
          for (; sent < totalBytes; sent += chunk.length) await this.request.sendall(chunk);
        }
      }
      const server = new ConcurrentTLSServer(['127.0.0.1', 0], Stream, { tls });
      await using _ = serving(server);
      const client = await connectTLS(server.serverAddress, trusting);
      const stuckAt = await standstill(() => sent);
      assert.ok(stuckAt < heldBytes, `${stuckAt} bytes were taken`);
      let received = 0;
      client.on('data', (bytes: Buffer) => (received += bytes.length));
      await once(client, 'end');
      client.destroy();
      assert.equal(received, totalBytes);
    });
  }

  it('stops a client whose handler does not read', async () => {
    const go = Promise.withResolvers<void>();
    let received = 0;
    class Slow extends BaseRequestHandler {
      override async handle() {
        await this.request.recv(1);
        received += 1;
        await go.promise;
        for await (const bytes of this.request) received += bytes.length;
        await this.request.sendall('thanks');
      }
    }
    const server = new ConcurrentTLSServer(['127.0.0.1', 0], Slow, { tls });
    await using _ = serving(server);
    const client = await connectTLS(server.serverAddress, trusting);
    const block = Buffer.alloc(65_536, 'x');
    let written = 0;
    const writing = (async () => {
      for (; written < totalBytes; written += block.length)
        if (!client.write(block)) await once(client, 'drain');
      client.end();
    })();
    const stuckAt = await standstill(() => written);
    assert.ok(stuckAt < heldBytes, `${stuckAt} bytes were taken`);
    go.resolve();
    assert.equal(String((await once(client, 'data'))[0]), 'thanks');
    await writing;
    assert.equal(received, totalBytes);
    client.destroy();
  });
});
