/**
 * How handlers are tested with `socketserver/testing`: as units, in memory and by a clock of the test's own, and as
 * servers, with peers that misbehave. `docs/testing.md` explains the parts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrentTCPServer, ForkingTCPServer, TCPServer, ThreadingTCPServer } from 'socketserver';
import { everySplit, peers, runDatagramHandler, runHandler, startServer } from 'socketserver/testing';
import { DNSDatagramHandler } from '../dns.ts';
import { HashHandler } from '../hash.ts';
import { HelloHandler } from '../http-hello.ts';

/** An answer without its date, which is another one each time. */
const dateless = (answer: Buffer): string => answer.toString('latin1').replaceAll(/Date: [^\r]*\r\n/g, '');

const request = 'POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi';

describe('the HTTP handler, as a unit', () => {
  it('answers the same however the request arrives', async () => {
    const expected =
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi';
    for (const pieces of everySplit(request)) {
      const { output, error } = await runHandler(HelloHandler, pieces);
      assert.equal(error, undefined);
      assert.equal(dateless(output), expected);
    }
  });

  it('lets a silent client go after ten seconds, and not before', async () => {
    const { output, error } = await runHandler(HelloHandler, async (client, clock) => {
      await client.send(request);
      await clock.advance(9_999);
      assert.match(String(await client.readUntil('hi')), /^HTTP\/1\.1 200 OK/);
      await client.send(request.slice(0, -1)); // a body that lacks its last byte
      await clock.advance(9_999);
      await client.send(request.slice(-1));
      await client.readUntil('hi');
      await clock.advance(10_000);
      assert.equal(await client.waitForEnd(), 'end');
    });
    assert.equal(error, undefined);
    assert.equal(String(output).match(/HTTP/g)?.length, 2);
  });
});

describe('the DNS handler, as a unit', () => {
  it('says nothing to what is no query', async () => {
    assert.deepEqual(await runDatagramHandler(DNSDatagramHandler, 'x'), { replies: [], error: undefined });
  });
});

for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
  describe(`the hash handler in a ${Server.name}`, () => {
    it('outlives peers that misbehave', async () => {
      await using running = startServer(Server, HashHandler);
      const { address } = running;
      await peers.connectAndVanish(address, { count: 3 });
      await peers.reset(address, 'half a fi');
      const dripped = await peers.drip(address, 'slow', { everyMs: 1 });
      assert.equal(dripped.cutOff, undefined);
      const flooded = await peers.flood(address, 'x'.repeat(10_000), { connections: 5 });
      assert.deepEqual([flooded.ended, flooded.reset], [5, 0]);
      assert.match(String(await peers.halfClose(address, 'a file')), /^[\da-f]{64} by thread /);
      assert.ok(running.errors.every(({ error }) => error.code === 'ECONNRESET'));
    });
  });
}
