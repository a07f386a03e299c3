import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, ConcurrentTCPServer, StreamRequestHandler } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { socketPair } from '../support/socket-pair.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { hasNoDelay } from './has-no-delay.ts';
import { needs, systemPython } from './program.ts';

/** Starts a program with a listening socket, at which a client waits already; its number is the last argument. */
const startWithClient = `
import os, socket, sys
listener = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(listener.getsockname())
for each in listener, client:
    each.set_inheritable(True)
os.execv(sys.argv[1], [*sys.argv[1:], str(listener.fileno())])`;

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

    it('is on for a client that waited at an inherited socket', () => {
      const program = join(import.meta.dirname, 'programs/serves-inherited.ts');
      const args = ['-c', startWithClient, process.execPath, program, name];
      const { stdout } = spawnSync(systemPython, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      });
      assert.equal(stdout, 'no delay: true\n');
    });
  });
}
