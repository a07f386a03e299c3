import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  ServerBusyError,
  ServerClosedError,
  ServerDrainingError,
  StreamRequestHandler,
  type StreamServerOptions,
  TCPServer,
} from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';

class EchoLine extends StreamRequestHandler {
  override async handle() {
    await this.wfile.write(await this.rfile.readline());
  }
}

const address = ['127.0.0.1', 0] as const;

for (const [engineName, createEngine] of engines) {
  describe(`a server on the ${engineName} engine`, () => {
    const lineThrough = async (server: TCPServer, engine: StreamServerOptions['engine'], line: string) => {
      await using client = await connect(server.serverAddress, { engine: engine ?? 'auto' });
      await client.sendall(line);
      return (await readAll(client)).toString();
    };

    it('knows its real port as soon as it is constructed', async () => {
      await using server = new TCPServer(address, EchoLine, { engine: createEngine() });
      assert.equal(server.serverAddress[0], '127.0.0.1');
      assert.ok(server.serverAddress[1] > 0);
    });

    it('throws EADDRINUSE from the constructor', async () => {
      const engine = createEngine();
      await using server = new TCPServer(address, EchoLine, { engine });
      assert.throws(() => new TCPServer(server.serverAddress, EchoLine, { engine }), { code: 'EADDRINUSE' });
    });

    it('serves several clients, one after the other, in the order in which they came', async () => {
      const engine = createEngine();
      const order: string[] = [];
      class Recording extends StreamRequestHandler {
        override async handle() {
          const line = (await this.rfile.readline()).toString();
          order.push(`begin ${line}`);
          await new Promise(setImmediate);
          order.push(`end ${line}`);
        }
      }
      const server = new TCPServer(address, Recording, { engine });
      const clients = [];
      for (const name of ['a', 'b', 'c']) {
        const client = await connect(server.serverAddress, { engine });
        await client.sendall(name);
        client.shutdown('write');
        clients.push(client);
      }
      await using _ = serving(server);
      await Promise.all(clients.map(readAll));
      assert.deepEqual(order, ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
      for (const client of clients) client.close();
    });

    it('lets later clients of a serial server wait while one request is handled', async () => {
      const engine = createEngine();
      await using _ = serving(new TCPServer(address, EchoLine, { engine }));
      await using server = new TCPServer(address, EchoLine, { engine });
      await using __ = serving(server);
      const first = await connect(server.serverAddress, { engine });
      const second = await connect(server.serverAddress, { engine });
      await second.sendall('second\n');
      let secondAnswer: Buffer | undefined;
      const answered = second.recv(64).then((bytes) => (secondAnswer = bytes));
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      assert.equal(secondAnswer, undefined);
      await first.sendall('first\n');
      assert.ok((await first.recv(64)).length > 0);
      await answered;
      first.close();
      second.close();
    });

    it('interleaves clients when it is concurrent', async () => {
      const engine = createEngine();
      const server = new ConcurrentTCPServer(address, EchoLine, { engine });
      await using _ = serving(server);
      const silent = await connect(server.serverAddress, { engine });
      assert.equal(await lineThrough(server, engine, 'hello\n'), 'hello\n');
      silent.close();
    });

    it('can serve again after shutdown, on the same socket', async () => {
      const engine = createEngine();
      const server = new ConcurrentTCPServer(address, EchoLine, { engine });
      for (const line of ['one\n', 'two\n', 'three\n']) {
        const loop = server.serveForever();
        assert.equal(await lineThrough(server, engine, line), line);
        await server.shutdown();
        await loop;
      }
      await server.serverClose();
    });

    it('keeps clients that come after shutdown for the next loop', async () => {
      const engine = createEngine();
      const server = new TCPServer(address, EchoLine, { engine });
      const loop = server.serveForever();
      await server.shutdown();
      await loop;
      const answer = lineThrough(server, engine, 'late\n');
      await server.handleRequest();
      assert.equal(await answer, 'late\n');
      await server.serverClose();
    });

    it('remembers a shutdown that comes before serveForever', async () => {
      const server = new TCPServer(address, EchoLine, { engine: createEngine() });
      await server.shutdown();
      await server.serveForever();
      const loop = server.serveForever(); // the memory lasts for one loop
      await server.shutdown();
      await loop;
      await server.serverClose();
    });

    it('survives two shutdowns at once', async () => {
      const server = new TCPServer(address, EchoLine, { engine: createEngine() });
      const loop = server.serveForever();
      await Promise.all([server.shutdown(), server.shutdown()]);
      await loop;
      await server.serverClose();
    });

    for (const Server of [TCPServer, ConcurrentTCPServer]) {
      it(`can be shut down from inside a handler of ${Server.name}, awaited`, async () => {
        const engine = createEngine();
        class Stopping extends StreamRequestHandler {
          override async handle() {
            await this.server.shutdown();
            await this.wfile.write('stopped');
          }
        }
        const server = new Server(address, Stopping, { engine });
        const loop = server.serveForever();
        await using client = await connect(server.serverAddress, { engine });
        assert.equal((await readAll(client)).toString(), 'stopped');
        await loop;
        await server.serverClose();
      });
    }

    it('gives handleTimeout its turn, and returns what that returns', async () => {
      class Impatient extends TCPServer {
        override handleTimeout() {
          return 'nobody came';
        }
      }
      await using server = new Impatient(address, EchoLine, { engine: createEngine(), timeout: 0.01 });
      assert.equal(await server.handleRequest(), 'nobody came');
    });

    it('serves a request that comes before the timeout', async () => {
      const engine = createEngine();
      await using server = new TCPServer(address, EchoLine, { engine, timeout: 30 });
      const handled = server.handleRequest();
      assert.equal(await lineThrough(server, engine, 'in time\n'), 'in time\n');
      assert.equal(await handled, undefined);
    });

    it('does not make shutdown wait for a handleRequest that waits', async () => {
      const engine = createEngine();
      await using server = new TCPServer(address, EchoLine, { engine });
      const handled = server.handleRequest();
      await server.shutdown();
      assert.equal(await lineThrough(server, engine, 'hello\n'), 'hello\n');
      await handled;
    });

    it('leaves the event loop its turn, whatever getRequest fails with', async () => {
      const engine = createEngine();
      class Failing extends TCPServer {
        override getRequest(): never {
          throw Object.assign(new Error('no'), { code: 'EACCES', syscall: 'open' });
        }
      }
      const server = new Failing(address, EchoLine, { engine });
      const loop = server.serveForever();
      await using client = await connect(server.serverAddress, { engine });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await server.shutdown();
      await loop;
      client.close();
      await server.serverClose();
    });

    it('survives a shutdownRequest that throws, and frees the connection', async () => {
      for (const Server of [TCPServer, ConcurrentTCPServer]) {
        const engine = createEngine();
        const problem = new Error('no end');
        const errors: unknown[] = [];
        class Failing extends Server {
          override shutdownRequest(): void {
            throw problem;
          }
          override handleError(_request: unknown, _address: unknown, error: unknown): void {
            errors.push(error);
          }
        }
        const server = new Failing(address, EchoLine, { engine });
        await using _ = serving(server);
        for (const line of ['one\n', 'two\n']) {
          await using client = await connect(server.serverAddress, { engine });
          await client.sendall(line);
          await readAll(client).catch(() => undefined);
        }
        assert.ok(errors.includes(problem));
      }
    });

    it('refuses a second loop while one runs', async () => {
      const server = new TCPServer(address, EchoLine, { engine: createEngine() });
      await using _ = serving(server);
      await assert.rejects(server.serveForever(), ServerBusyError);
      await assert.rejects(server.handleRequest(), { code: 'SERVER_BUSY' });
    });

    it('refuses requests after serverClose, which may be called twice and ends the loop', async () => {
      const server = new TCPServer(address, EchoLine, { engine: createEngine() });
      const loop = server.serveForever();
      await server.serverClose();
      await server.serverClose();
      await loop;
      await assert.rejects(server.handleRequest(), ServerClosedError);
      await assert.rejects(server.serveForever(), { code: 'SERVER_CLOSED' });
      assert.equal(server.fileno(), -1);
    });

    it('ends a waiting handleRequest with an error when it is closed', async () => {
      const server = new TCPServer(address, EchoLine, { engine: createEngine() });
      const waiting = assert.rejects(server.handleRequest(), ServerClosedError);
      await server.serverClose();
      await waiting;
    });

    it('can be constructed unbound, and be bound and activated later', async () => {
      const engine = createEngine();
      await using server = new TCPServer(address, EchoLine, { engine, bindAndActivate: false });
      assert.deepEqual(server.serverAddress, ['127.0.0.1', 0]);
      assert.equal(server.fileno(), -1);
      await assert.rejects(server.handleRequest(), { code: 'SERVER_CLOSED' });
      server.serverBind();
      assert.ok(server.serverAddress[1] > 0);
      await assert.rejects(connect(server.serverAddress, { engine }), { code: 'ECONNREFUSED' });
      server.serverActivate();
      const handled = server.handleRequest();
      assert.equal(await lineThrough(server, engine, 'hello\n'), 'hello\n');
      await handled;
    });

    it('tells running requests when it drains, and lets them finish', async () => {
      const engine = createEngine();
      const reasons: unknown[] = [];
      class Goodbye extends BaseRequestHandler {
        override async handle() {
          await this.request.sendall('hello,');
          await once(this.request.signal, 'abort');
          reasons.push(this.request.signal.reason);
          await this.request.sendall('goodbye');
        }
      }
      const server = new ConcurrentTCPServer(address, Goodbye, { engine });
      const loop = server.serveForever();
      const client = await connect(server.serverAddress, { engine });
      await client.readExactly(6);
      const closed = server.serverClose();
      assert.equal((await readAll(client)).toString(), 'goodbye');
      client.close();
      await closed;
      await loop;
      assert.ok(reasons[0] instanceof ServerDrainingError);
    });

    it('ends requests that do not finish within drainMs', async () => {
      const engine = createEngine();
      class Stubborn extends BaseRequestHandler {
        override async handle() {
          await this.request.recv(1);
        }
      }
      using stderr = captureStderr();
      const server = new ConcurrentTCPServer(address, Stubborn, { engine, timeouts: { drainMs: 1 } });
      const loop = server.serveForever();
      const client = await connect(server.serverAddress, { engine });
      await new Promise(setImmediate);
      await server.serverClose();
      await loop;
      await client.recv(1).catch(() => undefined);
      client.close();
      assert.equal(stderr.text(), '');
    });

    it('calls serviceActions after each request and while none comes', async () => {
      const engine = createEngine();
      const { promise: idle, resolve } = Promise.withResolvers<void>();
      let calls = 0;
      class Ticking extends TCPServer {
        override serviceActions() {
          calls += 1;
          if (calls === 3) resolve();
        }
      }
      const server = new Ticking(address, EchoLine, { engine });
      const loop = server.serveForever({ serviceIntervalMs: 1 });
      await lineThrough(server, engine, 'hello\n');
      await idle;
      await server.shutdown();
      await loop;
      await server.serverClose();
    });

    it('ends with what serviceActions throws', async () => {
      const problem = new Error('out of service');
      class Failing extends TCPServer {
        override serviceActions() {
          throw problem;
        }
      }
      await using server = new Failing(address, EchoLine, { engine: createEngine() });
      await assert.rejects(server.serveForever({ serviceIntervalMs: 1 }), problem);
    });
  });
}

describe('the constructor', () => {
  const descriptors = () => readdirSync('/proc/self/fd').length;

  it('leaks no descriptor when it fails', { skip: process.platform !== 'linux' }, async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as net.AddressInfo;
    await new TCPServer(address, EchoLine).serverClose(); // an engine's own descriptors come with its first socket
    const before = descriptors();
    for (let attempt = 0; attempt < 512; attempt += 1) {
      assert.throws(() => new TCPServer(['127.0.0.1', -1], EchoLine), RangeError);
      assert.throws(() => new TCPServer(['127.0.0.1', port], EchoLine), { code: 'EADDRINUSE' });
    }
    await new Promise(setImmediate);
    assert.ok(descriptors() <= before, `${before} before, ${descriptors()} after`);
    taken.close();
  });

  it('throws EADDRINUSE also when both sockets were bound before either listened', async () => {
    await using first = new TCPServer(address, EchoLine, { bindAndActivate: false });
    first.serverBind();
    await using second = new TCPServer(first.serverAddress, EchoLine, { bindAndActivate: false });
    second.serverBind();
    first.serverActivate();
    assert.throws(() => second.serverActivate(), { code: 'EADDRINUSE' });
  });

  it('refuses what it does not know or cannot use, in words', () => {
    const construct = (options: unknown, handler: unknown = EchoLine) =>
      // @ts-expect-error -- what JavaScript users can do
      new TCPServer(address, handler, options);
    assert.throws(() => construct({ backlog: 5 }), {
      name: 'TypeError',
      message:
        /Cannot construct TCPServer: options must have only the keys .*requestQueueSize.*, got backlog/,
    });
    assert.throws(
      () => construct({ timeouts: { drain: 5 } }),
      /options\.timeouts must have only the keys proxyHeaderMs/,
    );
    assert.throws(
      () => construct({ timeouts: { drainMs: -1 } }),
      /options\.timeouts\.drainMs must be .*, got -1/,
    );
    assert.throws(() => construct({ timeout: 0 }), /options\.timeout must be .* above 0, got 0/);
    assert.throws(
      () => construct({ engine: 'quantum' }),
      /options\.engine must be 'auto'.*'node'.*, got 'quantum'/,
    );
    assert.throws(() => construct({}, 'handler'), /RequestHandlerClass must be a class/);
    assert.throws(() => construct({}, () => undefined), /RequestHandlerClass must be a class/);
    assert.throws(() => construct({}, Date), /a class with a handle\(\) method/);
    assert.throws(() => construct(null), /options must be an object, got null/);
  });

  it('takes class attributes from a subclass, and options before them', async () => {
    class Patient extends TCPServer {
      static override readonly timeout = 30;
    }
    await using byClass = new Patient(address, EchoLine);
    await using byOption = new Patient(address, EchoLine, { timeout: 10 });
    assert.equal(byClass.timeout, 30);
    assert.equal(byOption.timeout, 10);
  });
});

describe('an idle server', () => {
  it('uses no CPU', async () => {
    await using server = new ConcurrentTCPServer(address, EchoLine);
    await using _ = serving(server);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = process.resourceUsage().voluntaryContextSwitches;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const switches = process.resourceUsage().voluntaryContextSwitches - before;
    assert.ok(switches < 50, `${switches} context switches in half a second`);
  });
});
