import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { temporaryFolder, untilGone } from '../support/commands.ts';
import { startServer } from '../support/servers.ts';

/** A command of three processes, of which one has a session of its own: it says their numbers. */
const line = 'echo $$; sleep 60 & echo $!; setsid sleep 60 & echo $!; wait';

type Program = ChildProcessByStdio<null, Readable, null>;

function start(name: string, ...args: readonly string[]): Program {
  const path = join(import.meta.dirname, 'programs', name);
  return spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first lines that a program writes. */
async function lines(program: Program, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const text of createInterface({ input: program.stdout })) {
    if (found.push(text) === count) break;
  }
  return found;
}

describe('SIGKILL leaves no process of a command behind', () => {
  it('for its client', async () => {
    await using started = await startServer();
    const client = start('run-and-stay.ts', started.server.addresses[0]!, line);
    const pids = await lines(client, 3);
    client.kill('SIGKILL');
    for (const pid of pids) await untilGone(Number(pid));
    assert.equal((await started.event('command-ended')).end.killedBy, 'client-gone');
  });

  for (const model of ['concurrent', 'threading', 'forking'] as const) {
    it(`for a ${model} server`, async () => {
      using folder = temporaryFolder();
      const server = start('serve.ts', folder.path, model);
      const [address = ''] = await lines(server, 1);
      const client = start('run-and-stay.ts', address, line);
      const pids = await lines(client, 3);
      server.kill('SIGKILL');
      for (const pid of pids) await untilGone(Number(pid));
      client.kill('SIGKILL');
    });
  }
});

describe('a second signal', () => {
  for (const model of ['concurrent', 'threading', 'forking'] as const) {
    it(`ends a ${model} server and its commands, whatever their grace`, { timeout: 30_000 }, async () => {
      using folder = temporaryFolder();
      const server = start('serve.ts', folder.path, model);
      const [address = ''] = await lines(server, 1);
      const stubborn = 'trap "echo told" TERM; echo $$; while :; do sleep 0.1; done';
      const client = start('run-and-stay.ts', address, stubborn, '60000');
      const said = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
      const { value: pid } = await said.next();
      server.kill('SIGTERM');
      assert.equal((await said.next()).value, 'told');
      const ended = once(server, 'exit');
      server.kill('SIGINT'); // SIGTERM at once would count as the same
      await untilGone(Number(pid));
      assert.deepEqual(await ended, [0, null]);
      client.kill('SIGKILL');
    });
  }
});
