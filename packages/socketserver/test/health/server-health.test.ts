import assert from 'node:assert/strict';
import { type DatagramServerOptions } from '../../src/index.ts';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  type EngineChoice,
  ForkingTCPServer,
  ForkingUDPServer,
  type HealthListener,
  TCPServer,
  ThreadingTCPServer,
  ThreadingUDPServer,
  UDPServer,
} from '../../src/index.ts';
import { Polite } from '../conformance/handlers.ts';
import { httpGet } from '../support/http-get.ts';
import { LineClient } from '../support/line-client.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Goodbye } from '../workers/handlers/exchanges.ts';
import { DatagramExchange } from '../workers/handlers/matrix.ts';

const address = ['127.0.0.1', 0] as const;
const health = { address } as const;

/** The answer of a server's health listener: the status code and the report. */
async function healthOf(server: { readonly health: HealthListener | undefined }, path = '/ready') {
  const { status, body } = await httpGet(server.health!.address, path);
  const report = JSON.parse(body) as { status: string; address: string; active: number; accepted: number };
  return [status, report] as const;
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    describe(`the health of a ${Server.name} on the ${engineName} engine`, () => {
      it('is 503 before it serves, 200 while it does, 503 while it drains, and then nothing', async () => {
        const server = new Server(address, Polite, { engine, health });
        const [host, port] = server.serverAddress;
        const [before, starting] = await healthOf(server);
        assert.deepEqual([before, starting.status], [503, 'starting']);
        const loop = server.serveForever();
        const [during, serving] = await healthOf(server);
        assert.deepEqual([during, serving.status, serving.address], [200, 'serving', `${host}:${port}`]);
        await using client = await LineClient.to(server, engine);
        assert.equal((await client.socket.recv(100)).toString(), 'hello,');
        const [, busy] = await healthOf(server);
        assert.deepEqual([busy.status, busy.active, busy.accepted], ['serving', 1, 1]);
        const closed = server.serverClose();
        const [draining, report] = await healthOf(server);
        assert.deepEqual([draining, report.status], [503, 'draining']);
        assert.equal((await healthOf(server, '/live'))[0], 200);
        await client.socket.sendall('.');
        assert.equal(await client.next(), 'goodbye');
        client.socket.close();
        await Promise.all([closed, loop]);
        // Reset, where another program was given the port, and has left it, too.
        await assert.rejects(healthOf(server), { code: /^ECONNRE(FUSED|SET)$/ });
      });

      it('is 503 after a shutdown(), and 200 when it serves again', async () => {
        await using server = new Server(address, Goodbye, { engine, health });
        const first = server.serveForever();
        await server.shutdown();
        await first;
        assert.equal((await healthOf(server))[1].status, 'stopped');
        const second = server.serveForever();
        assert.equal((await healthOf(server))[0], 200);
        await server.shutdown();
        await second;
      });
    });
  }

  for (const Server of [UDPServer, ConcurrentUDPServer, ThreadingUDPServer, ForkingUDPServer]) {
    it(`a ${Server.name} on the ${engineName} engine has a health listener too`, async () => {
      const options: DatagramServerOptions & { engine: EngineChoice } = { engine, health };
      const server = new Server(address, DatagramExchange, options);
      const loop = server.serveForever();
      assert.equal((await healthOf(server))[0], 200);
      await server.serverClose();
      await loop;
      await assert.rejects(healthOf(server), { code: 'ECONNREFUSED' });
    });
  }
}

describe('options.health', () => {
  it('is refused where it is wrong, by name', () => {
    const wrong: [unknown, RegExp][] = [
      [{}, /^Cannot construct TCPServer: options\.health\.address must be an address, got undefined$/],
      [{ address, path: '/' }, /^Cannot construct TCPServer: options\.health must have only the keys/],
      [{ address: ['example.org', 1] }, /^Cannot use the address: host must be a numeric IP address/],
      [9000, /^Cannot construct TCPServer: options\.health must be an object, got 9000$/],
    ];
    for (const [value, message] of wrong) {
      assert.throws(() => new TCPServer(address, Goodbye, { health: value as typeof health }), { message });
    }
  });

  it('throws from the constructor when its address is taken, and leaves nothing open', async () => {
    await using other = new TCPServer(address, Goodbye);
    const taken = { health: { address: other.serverAddress } };
    await using free = new TCPServer(address, Goodbye);
    const port = free.serverAddress;
    await free.serverClose();
    assert.throws(() => new TCPServer(port, Goodbye, taken), { code: 'EADDRINUSE' });
    await using again = new TCPServer(port, Goodbye);
    assert.deepEqual(again.serverAddress, port);
  });

  it('is bound by serverBind() where the constructor does not', async () => {
    await using server = new TCPServer(address, Goodbye, { health, bindAndActivate: false });
    assert.equal(server.health, undefined);
    server.serverBind();
    assert.equal((await healthOf(server))[1].status, 'starting');
  });
});
