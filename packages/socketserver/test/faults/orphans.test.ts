import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { ForkingTCPServer, ThreadingTCPServer } from '../../src/index.ts';
import { LineClient } from '../support/line-client.ts';

const program = join(import.meta.dirname, 'programs/spinning-server.ts');

describe('a server that is killed with SIGKILL', { skip: process.platform !== 'linux' }, () => {
  for (const Server of [ThreadingTCPServer, ForkingTCPServer]) {
    it(`leaves no worker of ${Server.name} behind after two seconds, not even one that spins`, async () => {
      const server = spawn(process.execPath, [program, Server.name], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exited = once(server, 'exit');
      const said = server.stderr.setEncoding('utf8').toArray();
      const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
      const serverAddress = ['127.0.0.1', Number((await lines.next()).value)] as const;
      await using idle = await LineClient.to({ serverAddress }, 'node');
      const [idlePid] = (await idle.ask('where')).split(' ');
      await using spinner = await LineClient.to({ serverAddress }, 'node');
      const [spinningPid] = (await spinner.ask('where')).split(' ');
      assert.equal(await spinner.ask('spin 1000000'), 'spinning');
      assert.equal(idlePid === spinningPid, Server === ThreadingTCPServer);
      const killedAt = performance.now();
      server.kill('SIGKILL');
      await exited;
      for (const pid of new Set([idlePid!, spinningPid!])) {
        while (isAlive(pid)) {
          assert.ok(performance.now() - killedAt < 2_000, `process ${pid} is still there`);
          await delay(20);
        }
      }
      assert.equal((await said).join(''), '', 'no worker complains that its server is gone');
    });
  }
});

/** Whether a process runs: one that ended and that nobody has collected yet does not. [proc_pid_stat(5)] */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
