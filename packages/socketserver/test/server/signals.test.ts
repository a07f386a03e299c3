import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  ForkingUDPServer,
  TCPServer,
  ThreadingTCPServer,
  UDPServer,
} from '../../src/index.ts';
import { httpGet } from '../support/http-get.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { until } from '../support/until.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Echo, Goodbye, Stubborn } from '../workers/handlers/exchanges.ts';
import { DatagramExchange } from '../workers/handlers/matrix.ts';

const address = ['127.0.0.1', 0] as const;
/** Two that nothing else in a test's process uses. */
const signals = ['SIGURG', 'SIGALRM'] as const;

function listeners(): number {
  return signals.reduce((sum, signal) => sum + process.listenerCount(signal), 0);
}

function send(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

for (const [engineName, engine] of workerEngines) {
  for (const Server of [TCPServer, ConcurrentTCPServer, ThreadingTCPServer, ForkingTCPServer]) {
    describe(`signals to a ${Server.name} on the ${engineName} engine`, () => {
      it('drain it at the first one, which serveForever() resolves with', async () => {
        await using server = new Server(address, Goodbye, { engine });
        const loop = server.serveForever({ signals });
        await using client = await LineClient.to(server, engine);
        assert.equal((await client.socket.recv(100)).toString(), 'hello,');
        send('SIGURG');
        assert.equal((await client.socket.recv(100)).toString(), 'goodbye: SERVER_DRAINING');
        assert.equal(listeners(), 2, 'until the drain is over');
        client.socket.close();
        assert.equal(await loop, 'SIGURG');
        assert.equal(listeners(), 0);
        assert.equal(server.fileno(), -1);
        await assert.rejects(LineClient.to(server, engine), { code: 'ECONNREFUSED' });
      });

      it('end it at once at the second one', async () => {
        await using server = new Server(address, Stubborn, { engine, timeouts: { drainMs: Infinity } });
        server.handleError = () => {};
        const loop = server.serveForever({ signals });
        await using client = await LineClient.to(server, engine);
        assert.equal((await client.socket.recv(100)).toString(), 'hello');
        send('SIGURG');
        await until(() => server.fileno() === -1);
        send('SIGALRM');
        assert.equal(await loop, 'SIGURG', 'the one that came first');
        assert.equal(await client.next(), '');
        assert.equal(listeners(), 0);
      });
    });
  }

  for (const Server of [UDPServer, ForkingUDPServer]) {
    it(`a signal ends a ${Server.name} on the ${engineName} engine`, async () => {
      await using server = new Server(address, DatagramExchange, { engine });
      const loop = server.serveForever({ signals });
      send('SIGALRM');
      assert.equal(await loop, 'SIGALRM');
    });
  }
}

describe('serveForever({ signals })', () => {
  it('takes one signal again at once for the same request, and after a while for the next', async (context) => {
    const clock = { now: 0 };
    context.mock.method(performance, 'now', () => clock.now);
    await using server = new TCPServer(address, Stubborn, { timeouts: { drainMs: Infinity } });
    server.handleError = () => {};
    const loop = server.serveForever({ signals });
    await using client = await LineClient.to(server, 'node');
    await client.socket.recv(100);
    const seen = mock.fn();
    process.on('SIGURG', seen);
    for (let count = 1; count <= 3; count += 1) {
      send('SIGURG');
      await until(() => seen.mock.callCount() === count);
    }
    assert.equal(server.activeRequests, 1, 'they came as one');
    clock.now += 250;
    send('SIGURG');
    assert.equal(await loop, 'SIGURG');
    process.off('SIGURG', seen);
  });

  it('ends all servers of a process, and listens once for all of them', async () => {
    const servers = Array.from({ length: 12 }, () => new ConcurrentTCPServer(address, Echo));
    const loops = servers.map((server) => server.serveForever({ signals }));
    assert.equal(listeners(), 2);
    await servers[0]!.serverClose();
    assert.equal(await loops[0], undefined);
    assert.equal(listeners(), 2, 'for the others');
    send('SIGURG');
    assert.deepEqual(
      await Promise.all(loops.slice(1)),
      Array.from({ length: 11 }, () => 'SIGURG'),
    );
    assert.equal(listeners(), 0);
  });

  it('resolves with nothing after shutdown(), and listens no more', async () => {
    await using server = new TCPServer(address, Echo);
    for (let round = 0; round < 2; round += 1) {
      const loop = server.serveForever({ signals });
      assert.equal(listeners(), 2);
      await server.shutdown();
      assert.equal(await loop, undefined);
      assert.equal(listeners(), 0);
    }
  });

  it('listens for no signal where none is named', async () => {
    await using server = new TCPServer(address, Echo);
    const before = process.eventNames();
    await using _ = serving(server);
    assert.deepEqual(process.eventNames(), before);
  });

  it('listens no more where it throws', async () => {
    await using server = new TCPServer(address, Echo);
    server.verifyRequest = () => {
      throw new RangeError('ends the loop');
    };
    const failed = assert.rejects(server.serveForever({ signals }), RangeError);
    await using _ = await LineClient.to(server, 'node');
    await failed;
    assert.equal(listeners(), 0);
    await server.serverClose();
    await assert.rejects(server.serveForever({ signals }), { code: 'SERVER_CLOSED' });
    assert.equal(listeners(), 0);
  });

  it('refuses what is no signal that can be taken', async () => {
    await using server = new TCPServer(address, Echo);
    for (const [wrong, what] of [
      ['SIGTERM', 'an array, got SIGTERM'],
      [['SIGNAL'], 'names of signals that a program can take, got "SIGNAL"'],
      [['SIGKILL'], 'names of signals that a program can take, got "SIGKILL"'],
      [[15], 'names of signals that a program can take, got 15'],
    ] as const) {
      await assert.rejects(server.serveForever({ signals: wrong as never }), {
        name: 'TypeError',
        message: `Cannot serveForever: options.signals must be ${what}`,
      });
    }
  });
});

for (const [engineName, engine] of workerEngines) {
  describe(`timeouts.lameDuckMs on the ${engineName} engine`, () => {
    const options = { engine, health: { address } };

    it('ends by itself', async () => {
      const server = new ConcurrentTCPServer(address, Echo, { ...options, timeouts: { lameDuckMs: 20 } });
      const loop = server.serveForever();
      const began = performance.now();
      const closed = server.serverClose();
      assert.notEqual(server.fileno(), -1);
      await Promise.all([closed, loop]);
      assert.ok(performance.now() - began >= 19); // timers may fire a part of a millisecond early
      await assert.rejects(LineClient.to(server, engine), { code: 'ECONNREFUSED' });
    });

    it('lets a server go on that only says that it is going, until a second signal or shutdown()', async () => {
      for (const cut of [
        (_server: ConcurrentTCPServer) => send('SIGALRM'),
        (server: ConcurrentTCPServer) => server.shutdown(),
      ]) {
        const server = new ConcurrentTCPServer(address, Echo, {
          ...options,
          timeouts: { lameDuckMs: Infinity },
        });
        const loop = server.serveForever({ signals });
        send('SIGURG');
        let answer = await httpGet(server.health!.address);
        await until(async () => (answer = await httpGet(server.health!.address)).status === 503);
        assert.equal((JSON.parse(answer.body) as { status: string }).status, 'draining');
        await using client = await LineClient.to(server, engine);
        assert.equal(await client.ask('still there?'), 'still there?');
        client.socket.close();
        await cut(server);
        assert.equal(await loop, 'SIGURG');
      }
    });

    it('is nothing to a server that does not serve', async () => {
      const server = new ConcurrentTCPServer(address, Echo, {
        ...options,
        timeouts: { lameDuckMs: Infinity },
      });
      await server.serverClose();
      await assert.rejects(LineClient.to(server, engine), { code: 'ECONNREFUSED' });
    });
  });
}
