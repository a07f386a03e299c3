/**
 * What happens to an error of a handler: `ErrorHandlerTest` of CPython's `test_socketserver.py`. `SystemExit` stands
 * for what Python calls a `BaseException`; from a thread or a process, too, it ends the loop of the server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ForkingTCPServer,
  SystemExit,
  TCPServer,
  ThreadingTCPServer,
} from '../../src/index.ts';
import { askOverStream } from './clients.ts';
import { Exiting, Failing } from './handlers.ts';

const rows = [
  ['sync', TCPServer],
  ['concurrent', ConcurrentTCPServer],
  ['threading', ThreadingTCPServer],
  ['forking', ForkingTCPServer],
] as const;

for (const [model, Server] of rows) {
  describe(`an error of a handler, ${model}`, () => {
    it(`test_${model}_handled: goes to handleError, and the server goes on`, async () => {
      const errors: unknown[] = [];
      await using server = new Server(['127.0.0.1', 0], Failing);
      server.handleError = (_request, _clientAddress, error) => void errors.push(error);
      const loop = server.serveForever();
      for (let client = 1; client <= 2; client += 1) {
        assert.equal(await askOverStream(server.serverAddress, ''), 'handler called');
      }
      await server.shutdown();
      await loop;
      await server.serverClose();
      assert.equal(errors.length, 2);
      for (const error of errors) assert.ok(error instanceof TypeError && error.message === 'wrong value');
    });

    it(`test_${model}_not_handled: passes handleError by when it is a SystemExit, and leaves the server`, async () => {
      await using server = new Server(['127.0.0.1', 0], Exiting);
      server.handleError = () => assert.fail('handleError was called');
      const loop = server.serveForever();
      const asking = askOverStream(server.serverAddress, '');
      await assert.rejects(loop, (error) => error instanceof SystemExit && error.exitStatus === 7);
      assert.equal(await asking, 'handler called');
    });
  });
}
