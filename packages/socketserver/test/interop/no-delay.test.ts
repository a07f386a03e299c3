import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { connect, ConcurrentTCPServer, StreamRequestHandler, type StreamSocket } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { socketPair } from '../support/socket-pair.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { needs, systemPython } from './program.ts';

const question =
  'import socket; print(socket.socket(fileno=3).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))';

/** Asks the system by another program, since Node cannot. */
function hasNoDelay(socket: StreamSocket): boolean {
  const { stdout } = spawnSync(systemPython, ['-c', question], {
    stdio: ['ignore', 'pipe', 'inherit', socket.fileno()],
    encoding: 'utf8',
  });
  assert.match(stdout, /^\d+\n$/);
  return stdout !== '0\n';
}

for (const [name, engine] of workerEngines) {
  describe(`TCP_NODELAY on the ${name} engine`, needs('python3'), () => {
    it('is on at both ends of a connection, until told otherwise', async () => {
      await using pair = await socketPair(engine);
      for (const socket of [pair.client, pair.peer]) {
        assert.equal(hasNoDelay(socket), true);
        socket.setNoDelay(false);
        assert.equal(hasNoDelay(socket), false);
        socket.setNoDelay();
        assert.equal(hasNoDelay(socket), true);
      }
    });

    it("is off for a handler that does not disable Nagle's algorithm", async () => {
      const had = Promise.withResolvers<boolean>();
      class Gathering extends StreamRequestHandler {
        static override readonly disableNagleAlgorithm = false;
        override handle() {
          had.resolve(hasNoDelay(this.connection));
        }
      }
      const server = new ConcurrentTCPServer(['127.0.0.1', 0], Gathering, { engine });
      await using _loop = serving(server);
      await using _client = await connect(server.serverAddress, { engine });
      assert.equal(await had.promise, false);
    });
  });
}
