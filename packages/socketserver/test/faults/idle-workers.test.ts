import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { ForkingTCPServer, ThreadingTCPServer } from '../../src/index.ts';
import { LineClient } from '../support/line-client.ts';
import { serving } from '../support/serving.ts';
import { Reckless } from '../workers/handlers/reckless.ts';

/** Until the watch of a child process has gone to sleep. */
const settleMs = 3_000;
const watchedMs = 1_000;

/** How often the threads of some processes have gone to sleep: each time something woke them. [proc_pid_status(5)] */
function switches(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)![1]);
    }
  }
  return sum;
}

describe('a server whose workers have nothing to do', { skip: process.platform !== 'linux' }, () => {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    it(`uses no CPU, with ${Server.name}`, async () => {
      const server = new Server(['127.0.0.1', 0], Reckless, { workers: { min: 2 } });
      await using _ = serving(server);
      for (let count = 0; count < 4; count += 1) {
        await using client = await LineClient.to(server, 'auto');
        await client.ask('hello');
      }
      await delay(settleMs);
      const pids = [
        process.pid,
        ...(Server === ForkingTCPServer ? server.stats().workers.map(({ id }) => id) : []),
      ];
      const before = switches(pids);
      await delay(watchedMs);
      const woken = switches(pids) - before;
      assert.ok(woken < 50, `${woken} wake-ups in a second`);
    });
  }
});
