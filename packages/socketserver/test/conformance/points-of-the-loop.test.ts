/**
 * Where Python's servers surprise their users, in the life of a server: each point is matched here, or (`differs`)
 * changed for a reason that `docs/from-python.md` gives. The numbers are that page's.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  ServerDrainingError,
  TCPServer,
} from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { askOverStream } from './clients.ts';
import { EchoLine } from './handlers.ts';
import { until } from '../support/until.ts';

const loopback = ['127.0.0.1', 0] as const;
const hello = 'hello world\n';

describe('the life of a server', () => {
  it('S1: a shutdown before any loop lets the next one return at once, and only that', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    await server.shutdown();
    await server.serveForever();
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
  });

  it('S2: so does a shutdown after a loop has ended', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    const loop = server.serveForever();
    await server.shutdown();
    await loop;
    await server.shutdown();
    await server.serveForever();
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
  });

  it('S3: a server can serve again after a shutdown, for clients that came meanwhile too', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    const loop = server.serveForever();
    await server.shutdown();
    await loop;
    const asking = askOverStream(server.serverAddress, hello);
    await using _ = serving(server);
    assert.equal(await asking, hello);
  });

  it('S4 differs: shutdown touches neither requests nor the socket, but serverClose ends the loop too', async () => {
    const server = new ConcurrentTCPServer(loopback, EchoLine);
    const { serverAddress } = server;
    const loop = server.serveForever();
    await using running = await connect(serverAddress);
    await running.sendall('hello ');
    await until(() => server.activeRequests > 0);
    await server.shutdown();
    await loop;
    assert.notEqual(server.fileno(), -1);
    await using waiting = await connect(serverAddress);
    await running.sendall('world\n');
    assert.equal((await readAll(running)).toString(), hello);
    await waiting.sendall(hello);

    const secondLoop = server.serveForever();
    assert.equal((await readAll(waiting)).toString(), hello);
    await server.serverClose();
    await secondLoop;
  });

  it('S13: handleTimeout is called by handleRequest alone, which returns its value', async () => {
    let ticks = 0;
    class Impatient extends TCPServer {
      static override readonly timeout = 0.001;
      override handleTimeout() {
        return `nobody came, ${ticks} ticks`;
      }
      override serviceActions() {
        ticks += 1;
        if (ticks === 10) void this.shutdown();
      }
    }
    await using server = new Impatient(loopback, EchoLine);
    server.handleTimeout = () => assert.fail('called by serveForever');
    await server.serveForever({ serviceIntervalMs: 1 });
    Reflect.deleteProperty(server, 'handleTimeout');
    assert.equal(await server.handleRequest(), 'nobody came, 10 ticks');
  });

  it('S14 differs: the timeout of the server alone counts, since its socket has none', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    assert.equal('settimeout' in server.socket, false);
    assert.equal(server.timeout, undefined);
    server.timeout = 0.001;
    server.handleTimeout = () => 'nobody came';
    assert.equal(await server.handleRequest(), 'nobody came');
  });

  it('S15 differs: serverClose tells running requests, and ends those that go on after drainMs', async () => {
    const reasons: unknown[] = [];
    class Waiting extends BaseRequestHandler {
      override async handle() {
        await this.request.sendall('?');
        await once(this.request.signal, 'abort');
        reasons.push(this.request.signal.reason);
        await this.request.recv(1); // for ever
      }
    }
    const server = new ConcurrentTCPServer(loopback, Waiting, { timeouts: { drainMs: 1 } });
    const loop = server.serveForever();
    await using idle = await connect(server.serverAddress);
    await idle.readExactly(1);
    await server.serverClose();
    await loop;
    await assert.rejects(idle.readExactly(1));
    assert.ok(reasons[0] instanceof ServerDrainingError);
    assert.equal(server.activeRequests, 0);
  });

  it('S21: a closed server refuses to serve, and may be closed again', async () => {
    const server = new TCPServer(loopback, EchoLine);
    await server.serverClose();
    await assert.rejects(server.handleRequest(), { code: 'SERVER_CLOSED' });
    await assert.rejects(server.serveForever(), { code: 'SERVER_CLOSED' });
    await server.serverClose();
  });

  it('S24 differs: with bindAndActivate false the address is what was given, and there is no socket yet', async () => {
    await using server = new TCPServer(loopback, EchoLine, { bindAndActivate: false });
    assert.deepEqual(server.serverAddress, loopback);
    assert.equal(server.fileno(), -1);
    server.serverBind();
    server.serverActivate();
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
  });

  it('S25 differs: shutdown waits for no poll interval', async () => {
    class Serviced extends TCPServer {
      override serviceActions() {}
    }
    await using server = new Serviced(loopback, EchoLine);
    const loop = server.serveForever({ serviceIntervalMs: 3_600_000 });
    await server.shutdown();
    await loop;
  });
});
