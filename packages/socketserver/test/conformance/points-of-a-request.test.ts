/**
 * Where Python's servers surprise their users, in the walk of a request: each point is matched here, or (`differs`)
 * changed for a reason that `docs/from-python.md` gives. The numbers are that page's.
 */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it, type TestContext } from 'node:test';
import {
  type AcceptFailedEvent,
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  type InetAddress,
  StreamRequestHandler,
  type StreamSocket,
  SystemExit,
  TCPServer,
} from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { serving } from '../support/serving.ts';
import { askOverStream } from './clients.ts';
import { EchoLine } from './handlers.ts';

const loopback = ['127.0.0.1', 0] as const;
const hello = 'hello world\n';
const problem = new Error('as the test wants it');
const fail = () => {
  throw problem;
};

const hooks = [
  'getRequest',
  'verifyRequest',
  'processRequest',
  'finishRequest',
  'handleError',
  'shutdownRequest',
  'closeRequest',
] as const;

/** Notes which hooks of a server are called. */
function recordHooks(server: TCPServer, log: string[]): void {
  for (const hook of hooks) {
    const original = server[hook] as (...args: unknown[]) => unknown;
    const recorded = (...args: unknown[]) => {
      log.push(hook);
      return original.apply(server, args);
    };
    Reflect.set(server, hook, recorded);
  }
}

/** Collects what is published while a test runs. */
function collectAcceptErrors(t: TestContext): AcceptFailedEvent[] {
  const events: AcceptFailedEvent[] = [];
  const collect = (event: unknown) => void events.push(event as AcceptFailedEvent);
  subscribe('socketserver:accept:failed', collect);
  t.after(() => unsubscribe('socketserver:accept:failed', collect));
  return events;
}

/** Lets `getRequest` throw these errors before it does its work. */
function failingToAccept(errors: Error[]): TCPServer {
  const server = new TCPServer(loopback, EchoLine);
  const getRequest = server.getRequest.bind(server);
  server.getRequest = () => {
    const error = errors.shift();
    if (error !== undefined) throw error;
    return getRequest();
  };
  return server;
}

const systemError = (code: string): Error =>
  Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' });

/** A server whose `handleError` says sorry to the client. */
class Apologizing extends TCPServer {
  override async handleError(request: StreamSocket<InetAddress>, _address: unknown, error: unknown) {
    await request.sendall(`sorry: ${(error as Error).message}`);
  }
}

describe('the walk of a request', () => {
  for (const failing of ['handle', 'setup'] as const) {
    const point =
      failing === 'handle'
        ? 'S5: when handle throws, finish is called, then handleError with the connection still open'
        : 'S6: when setup throws, neither handle nor finish is called, but handleError is';
    it(point, async () => {
      const log: string[] = [];
      const step = (name: string) => {
        log.push(name);
        if (name === failing) fail();
      };
      class Failing extends BaseRequestHandler {
        override setup = () => step('setup');
        override handle = () => step('handle');
        override finish = () => step('finish');
      }
      await using server = new Apologizing(loopback, Failing);
      recordHooks(server, log);
      const asking = askOverStream(server.serverAddress, '');
      await server.handleRequest();
      assert.equal(await asking, `sorry: ${problem.message}`);
      const before = ['getRequest', 'verifyRequest', 'processRequest', 'finishRequest', 'setup'];
      const inBetween = failing === 'handle' ? ['handle', 'finish'] : [];
      assert.deepEqual(log, [...before, ...inBetween, 'handleError', 'shutdownRequest', 'closeRequest']);
    });
  }

  it('S7 differs: what verifyRequest throws ends the loop, but the request is shut down', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    server.handleError = () => assert.fail('handleError was called');
    server.verifyRequest = fail;
    const asking = askOverStream(server.serverAddress, '');
    await assert.rejects(server.serveForever(), problem);
    assert.equal(await asking, '');
  });

  it('S8 differs: an operating-system error of getRequest is published, and the loop goes on', async (t) => {
    const events = collectAcceptErrors(t);
    const aborted = systemError('ECONNABORTED');
    await using server = failingToAccept([aborted]);
    const loop = server.serveForever();
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
    assert.deepEqual(events, [{ serverAddress: server.serverAddress, error: aborted, retryMs: 0 }]);
    await server.shutdown();
    await loop;

    await using broken = failingToAccept([problem]);
    await using _client = await connect(broken.serverAddress);
    await assert.rejects(broken.serveForever(), problem);
  });

  it('S9: what serviceActions throws ends the loop', async () => {
    class Failing extends TCPServer {
      override serviceActions() {
        fail();
      }
    }
    await using server = new Failing(loopback, EchoLine);
    await assert.rejects(server.serveForever({ serviceIntervalMs: 1 }), problem);
  });

  it('S10 differs: what handleError throws ends the loop, but the request is shut down', async () => {
    for (const Server of [TCPServer, ConcurrentTCPServer]) {
      class Failing extends BaseRequestHandler {
        override handle = fail;
      }
      await using server = new Server(loopback, Failing);
      const followUp = new Error('handleError failed too');
      server.handleError = () => {
        throw followUp;
      };
      const asking = askOverStream(server.serverAddress, '');
      await assert.rejects(server.serveForever(), followUp);
      assert.equal(await asking, '');
    }
  });

  it('S11: SystemExit is not for handleError: the request is shut down, and the loop ends with it', async () => {
    for (const Server of [TCPServer, ConcurrentTCPServer]) {
      const exit = new SystemExit(7);
      class Exiting extends BaseRequestHandler {
        override handle() {
          throw exit;
        }
      }
      await using server = new Server(loopback, Exiting);
      server.handleError = () => assert.fail('handleError was called');
      const asking = askOverStream(server.serverAddress, '');
      await assert.rejects(server.serveForever(), exit);
      assert.equal(await asking, '');
    }
  });

  it('S12 differs: the loop calls shutdownRequest, which may keep a connection; closeRequest ends it', async () => {
    const kept: StreamSocket<InetAddress>[] = [];
    class Keeping extends TCPServer {
      override shutdownRequest(request: StreamSocket<InetAddress>) {
        kept.push(request);
      }
    }
    await using server = new Keeping(loopback, EchoLine);
    await using client = await connect(server.serverAddress);
    await client.sendall(hello);
    await server.handleRequest();
    assert.equal((await client.readExactly(hello.length)).toString(), hello);
    const request = kept[0]!;
    await client.sendall('still there?');
    assert.equal((await request.recv(64)).toString(), 'still there?');
    await request.sendall('yes');
    await server.closeRequest(request);
    assert.equal((await readAll(client)).toString(), 'yes');
  });

  it('S22 differs: out of descriptors the server waits, longer each time, instead of spinning', async (t) => {
    const events = collectAcceptErrors(t);
    await using server = failingToAccept(Array.from({ length: 4 }, () => systemError('EMFILE')));
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
    const pauses = events.map(({ retryMs }) => retryMs);
    assert.equal(pauses.length, 4);
    assert.ok(
      pauses.every((pause, index) => pause > (pauses[index - 1] ?? 0)),
      pauses.join(),
    );
  });

  it('S23: what processRequest throws goes to handleError, and the loop goes on', async () => {
    await using server = new Apologizing(loopback, EchoLine);
    server.processRequest = () => {
      Reflect.deleteProperty(server, 'processRequest');
      return Promise.reject(problem);
    };
    await using _ = serving(server);
    assert.equal(await askOverStream(server.serverAddress, ''), `sorry: ${problem.message}`);
    assert.equal(await askOverStream(server.serverAddress, hello), hello);
  });
});

describe('the rfile of a stream handler', () => {
  it('differs: has a longest line, where Python reads on', async () => {
    class Reading extends StreamRequestHandler {
      static override readonly rbufsize = 4;
      override async handle() {
        await this.rfile.readline();
      }
    }
    await using server = new Apologizing(loopback, Reading);
    await using _ = serving(server);
    assert.match(await askOverStream(server.serverAddress, hello), /^sorry: .* within 4 bytes$/);
  });
});
