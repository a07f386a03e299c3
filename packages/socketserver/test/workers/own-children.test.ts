import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { ForkingTCPServer } from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Reckless } from './handlers/reckless.ts';

describe('a child process of the program itself', { skip: process.platform === 'win32' }, () => {
  for (const [engineName, engine] of workerEngines) {
    it(`is not collected with those of a forking server on the ${engineName} engine, and not ended by it`, async () => {
      const sleeping = spawn('/bin/sh', ['-c', 'read line; exit 7'], { stdio: ['pipe', 'ignore', 'ignore'] });
      const ended = spawn('/bin/sh', ['-c', 'exit 5']);
      const statuses = Promise.all([once(sleeping, 'exit'), once(ended, 'exit')]);
      const errors = new ErrorCollector();
      const server = new ForkingTCPServer(['127.0.0.1', 0], Reckless, { engine, workers: { min: 2 } });
      server.handleError = errors.handleError;
      {
        await using _ = serving(server);
        await using client = await LineClient.to(server, engine);
        await client.tell('kill');
        await errors.next();
        server.collectChildren();
      }
      assert.equal(sleeping.exitCode, null);
      sleeping.stdin.end('\n');
      assert.deepEqual(await statuses, [
        [7, null],
        [5, null],
      ]);
    });
  }
});
