import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentUnixStreamServer,
  ForkingTCPServer,
  SystemExit,
  TCPServer,
  ThreadingTCPServer,
  UDPServer,
} from '../../src/index.ts';
import { createMemoryEngine, DatagramClient, RunningServer, startServer } from '../../src/testing/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { EchoPackets } from './handlers/packets.ts';
import { Lines } from './handlers/lines.ts';
import { until } from '../support/until.ts';

describe('startServer', () => {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    it(`starts a ${Server.name}, collects what its requests throw and stops it`, async () => {
      using stderr = captureStderr();
      await using running = startServer(Server, Lines);
      const { address } = running;
      {
        await using client = await running.connect();
        assert.equal(await client.ask('hello'), 'HELLO');
        await client.send('fail\n');
        const { error, clientAddress } = await running.nextError();
        assert.equal(error.code, 'AS_ASKED');
        assert.deepEqual(clientAddress, client.localAddress);
        assert.equal(await client.waitForEnd(), 'end');
      }
      assert.deepEqual(
        running.errors.map(({ error }) => error.message),
        ['as asked'],
      );
      await running.stop();
      await running.stop();
      assert.equal(stderr.text(), '');
      await assert.rejects(running.connect(), { code: 'ECONNREFUSED' });
      assert.deepEqual(running.address, address);
    });
  }

  it('starts a server that was constructed already, and closes it at the end of a block', async () => {
    const server = new ConcurrentTCPServer(['127.0.0.1', 0], Lines);
    {
      await using running = startServer(server);
      assert.ok(running instanceof RunningServer);
      assert.equal(running.server, server);
      await using client = await running.connect();
      assert.equal(await client.ask('hello'), 'HELLO');
    }
    assert.equal(server.fileno(), -1);
  });

  it('gives a Unix server a path, and removes it with its directory', async () => {
    await using running = startServer(ConcurrentUnixStreamServer, Lines);
    await using client = await running.connect();
    assert.equal(await client.ask('hello'), 'HELLO');
    await client.close();
    await running.stop();
    assert.equal(existsSync(dirname(running.address)), false);
  });

  it('serves datagrams', async () => {
    await using running = startServer(UDPServer, EchoPackets);
    await using client = new DatagramClient();
    assert.equal(await client.ask('hello', running.address), 'hello');
  });

  it('finds the memory engine of a server that was constructed already where it is told', async () => {
    const engine = createMemoryEngine();
    const server = new ConcurrentTCPServer(['127.0.0.1', 0], Lines, { engine });
    await using running = startServer(server, { engine });
    await using client = await running.connect();
    assert.equal(await client.ask('hello'), 'HELLO');
  });

  it("calls a handleError of the server's own class as well", async () => {
    const seen: unknown[] = [];
    class Noting extends ConcurrentTCPServer {
      override handleError(_request: unknown, _clientAddress: unknown, error: unknown) {
        seen.push(error);
      }
    }
    await using running = startServer(Noting, Lines);
    await using client = await running.connect();
    await client.send('fail\n');
    const { error } = await running.nextError();
    assert.deepEqual(seen, [error]);
  });

  it('gives errors in order, to several who wait', async () => {
    await using running = startServer(ConcurrentTCPServer, Lines);
    const both = [running.nextError(), running.nextError()];
    for (let number = 0; number < 2; number += 1) {
      await using client = await running.connect();
      await client.send('fail\n');
      await client.waitForEnd();
    }
    const [first, second] = await Promise.all(both);
    assert.deepEqual(running.errors, [first, second]);
    await assert.rejects(running.nextError({ waitMs: 1 }), {
      message: "Waited 1 ms for error number 3 of the server's requests",
    });
  });

  it('tells at the end what ended the loop', async () => {
    class Leaving extends Lines {
      override handle(): Promise<void> {
        throw new SystemExit(3);
      }
    }
    const running = startServer(ConcurrentTCPServer, Leaving);
    await using client = await running.connect();
    await client.waitForEnd();
    await assert.rejects(running.stop(), SystemExit);
  });

  it('says how many requests still run when a stop takes too long', async () => {
    class Endless extends Lines {
      override handle(): Promise<void> {
        return new Promise(() => {});
      }
    }
    const running = startServer(ConcurrentTCPServer, Endless, { timeouts: { drainMs: 300 } });
    await using client = await running.connect();
    await client.send('x');
    await until(() => running.server.activeRequests > 0);
    await assert.rejects(running.stop({ waitMs: 10 }), {
      message: 'Waited 10 ms for the server to close (1 requests run)',
    });
    await running.server.serverClose();
  });

  it('leaves nothing behind when the constructor throws', async () => {
    assert.throws(() => startServer(ConcurrentUnixStreamServer, Lines, { mode: -1 }), TypeError);
  });
});
