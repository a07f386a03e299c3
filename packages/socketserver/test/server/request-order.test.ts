import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  connect,
  type EngineChoice,
  type InetAddress,
  type StreamSocket,
  SystemExit,
  TCPServer,
} from '../../src/index.ts';
import { engines } from '../support/engines.ts';
import { captureStderr } from '../support/capture-stderr.ts';

type Step = string;

/** A server class that writes down every call. */
function recording(Server: typeof TCPServer, steps: Step[]) {
  return class Recording extends Server {
    override getRequest() {
      steps.push('getRequest');
      return super.getRequest();
    }
    override verifyRequest(request: StreamSocket<InetAddress>, clientAddress: InetAddress) {
      steps.push('verifyRequest');
      return super.verifyRequest(request, clientAddress);
    }
    override processRequest(request: StreamSocket<InetAddress>, clientAddress: InetAddress) {
      steps.push('processRequest');
      return super.processRequest(request, clientAddress);
    }
    override finishRequest(request: StreamSocket<InetAddress>, clientAddress: InetAddress) {
      steps.push('finishRequest');
      return super.finishRequest(request, clientAddress);
    }
    override shutdownRequest(request: StreamSocket<InetAddress>) {
      steps.push('shutdownRequest');
      return super.shutdownRequest(request);
    }
    override closeRequest(request: StreamSocket<InetAddress>) {
      steps.push('closeRequest');
      return super.closeRequest(request);
    }
    override handleError(request: StreamSocket<InetAddress>, _address: InetAddress, error: unknown) {
      steps.push(`handleError ${(error as Error).message} ${request.fileno() === -1 ? 'no-fd' : 'fd'}`);
    }
  };
}

function handlerThat(steps: Step[], failing: 'setup' | 'handle' | 'finish' | 'nothing', error?: Error) {
  const step = (name: Step): void => {
    steps.push(name);
    if (failing === name) throw error ?? new Error(`in ${name}`);
  };
  return class Handler extends BaseRequestHandler {
    override setup() {
      step('setup');
    }
    override handle() {
      step('handle');
    }
    override finish() {
      step('finish');
    }
  };
}

async function serveOne(server: TCPServer, engine: EngineChoice): Promise<unknown> {
  const client = await connect(server.serverAddress, { engine });
  let outcome: unknown = 'served';
  try {
    await server.handleRequest();
  } catch (error) {
    outcome = error;
  }
  await client.recv(1).catch(() => undefined);
  client.close();
  await server.serverClose();
  return outcome;
}

const before = ['getRequest', 'verifyRequest', 'processRequest', 'finishRequest'];
const after = ['shutdownRequest', 'closeRequest'];

for (const [engineName, createEngine] of engines) {
  for (const Server of [TCPServer, ConcurrentTCPServer]) {
    describe(`the calls for one request, ${Server.name} on the ${engineName} engine`, () => {
      it('come in the order of Python when all goes well', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const server = new (recording(Server, steps))(['127.0.0.1', 0], handlerThat(steps, 'nothing'), {
          engine,
        });
        assert.equal(await serveOne(server, engine), 'served');
        assert.deepEqual(steps, [...before, 'setup', 'handle', 'finish', ...after]);
      });

      it('call finish, then handleError with the connection still open, when handle throws', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const server = new (recording(Server, steps))(['127.0.0.1', 0], handlerThat(steps, 'handle'), {
          engine,
        });
        assert.equal(await serveOne(server, engine), 'served');
        const fd = typeof engine === 'string' ? 'fd' : 'no-fd';
        assert.deepEqual(steps, [
          ...before,
          'setup',
          'handle',
          'finish',
          `handleError in handle ${fd}`,
          ...after,
        ]);
      });

      it('call neither handle nor finish when setup throws', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const server = new (recording(Server, steps))(['127.0.0.1', 0], handlerThat(steps, 'setup'), {
          engine,
        });
        assert.equal(await serveOne(server, engine), 'served');
        const fd = typeof engine === 'string' ? 'fd' : 'no-fd';
        assert.deepEqual(steps, [...before, 'setup', `handleError in setup ${fd}`, ...after]);
      });

      it('pass handleError by when a handler throws SystemExit, which the caller gets', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const exit = new SystemExit(7);
        const server = new (recording(Server, steps))(['127.0.0.1', 0], handlerThat(steps, 'handle', exit), {
          engine,
        });
        // The concurrent loop may have returned by then: the next call on the server brings it.
        const outcome = await serveOne(server, engine).catch((error: unknown) => error);
        assert.equal(outcome, exit);
        assert.deepEqual(steps, [...before, 'setup', 'handle', 'finish', ...after]);
      });

      it('shut a request down once, and do no more, when verifyRequest says no', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const Recording = recording(Server, steps);
        class Refusing extends Recording {
          override verifyRequest() {
            steps.push('verifyRequest');
            return false;
          }
        }
        const server = new Refusing(['127.0.0.1', 0], handlerThat(steps, 'nothing'), { engine });
        assert.equal(await serveOne(server, engine), 'served');
        assert.deepEqual(steps, ['getRequest', 'verifyRequest', 'shutdownRequest', 'closeRequest']);
      });

      it('end with what verifyRequest throws, and leave no connection open', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const problem = new Error('no verification');
        const Recording = recording(Server, steps);
        class Failing extends Recording {
          override verifyRequest(): boolean {
            throw problem;
          }
        }
        const server = new Failing(['127.0.0.1', 0], handlerThat(steps, 'nothing'), { engine });
        assert.equal(await serveOne(server, engine), problem);
        assert.deepEqual(steps, ['getRequest', 'shutdownRequest', 'closeRequest']);
      });

      it('may all be asynchronous', async () => {
        const engine = createEngine();
        const steps: Step[] = [];
        const turn = async (step: Step): Promise<void> => {
          await new Promise(setImmediate);
          steps.push(step);
        };
        class Handler extends BaseRequestHandler {
          override async setup() {
            await turn('setup');
          }
          override async handle() {
            await turn('handle');
          }
          override async finish() {
            await turn('finish');
          }
        }
        class Slow extends Server {
          override async getRequest() {
            await turn('getRequest');
            return super.getRequest();
          }
          override async verifyRequest() {
            await turn('verifyRequest');
            return true;
          }
          override async finishRequest(request: StreamSocket<InetAddress>, address: InetAddress) {
            await turn('finishRequest');
            await super.finishRequest(request, address);
          }
          override async shutdownRequest(request: StreamSocket<InetAddress>) {
            await turn('shutdownRequest');
            await super.shutdownRequest(request);
          }
          override async closeRequest(request: StreamSocket<InetAddress>) {
            await turn('closeRequest');
            await super.closeRequest(request);
          }
        }
        const server = new Slow(['127.0.0.1', 0], Handler, { engine });
        assert.equal(await serveOne(server, engine), 'served');
        assert.deepEqual(steps, [
          'getRequest',
          'verifyRequest',
          'finishRequest',
          'setup',
          'handle',
          'finish',
          ...after,
        ]);
      });
    });
  }
}

describe('the default handleError', () => {
  it('prints who and what to stderr, and the server goes on', async () => {
    class Failing extends BaseRequestHandler {
      override handle() {
        throw new TypeError('not today', { cause: new Error('the reason') });
      }
    }
    const server = new TCPServer(['127.0.0.1', 0], Failing);
    using stderr = captureStderr();
    assert.equal(await serveOne(server, 'node'), 'served');
    assert.match(
      stderr.text(),
      /^-{40}\nException occurred during processing of request from 127\.0\.0\.1:\d+\nTypeError: not today\n[\s\S]*the reason[\s\S]*\n-{40}\n$/,
    );
  });

  it('prints nothing about a peer that merely went away', async () => {
    class Reading extends BaseRequestHandler {
      override async handle() {
        await this.request.recv(1);
      }
    }
    const server = new TCPServer(['127.0.0.1', 0], Reading);
    using stderr = captureStderr();
    const client = await connect(server.serverAddress);
    const served = server.handleRequest();
    client.reset();
    await served;
    await server.serverClose();
    assert.equal(stderr.text(), '');
  });

  it('prints a reset that another connection of the handler suffered', async () => {
    class Failing extends BaseRequestHandler {
      override handle() {
        throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
      }
    }
    const server = new TCPServer(['127.0.0.1', 0], Failing);
    using stderr = captureStderr();
    await serveOne(server, 'node');
    assert.match(stderr.text(), /ECONNRESET/);
  });
});
