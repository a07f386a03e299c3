import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { temporaryFolder, untilGone } from '../support/commands.ts';
import { OutputWatch } from '../support/output-watch.ts';
import { startServer } from '../support/servers.ts';
import { until } from '../../../socketserver/test/support/until.ts';

/** A command of three processes, of which one has a session of its own: it says their numbers. */
const line = 'echo $$; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait';

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

  it('for its client, where they do not end when they are told to', async () => {
    await using started = await startServer();
    const client = start('run-and-stay.ts', started.server.addresses[0]!, `trap '' TERM; ${line}`, '300');
    const pids = await lines(client, 3);
    client.kill('SIGKILL');
    for (const pid of pids) await untilGone(Number(pid), 300);
    const { end } = await started.event('command-ended');
    assert.deepEqual([end.killedBy, end.signal], ['client-gone', 'SIGKILL']);
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

/** A server that is about to be told to end, and a folder of the test's. */
interface Doomed {
  readonly address: string;
  /** Where it serves the classic exchange. */
  readonly classic: string;
  readonly said: OutputWatch;
  readonly folder: string;
}

/** Clients, and what they leave behind: processes that were told to end, and have ten minutes' grace. @returns the number of one. */
const left: Record<string, (server: Doomed) => Promise<number>> = {
  'a command whose client is gone': async ({ address, folder }) => {
    const client = start('run-and-stay.ts', address, stubbornIn(folder), '600000');
    const [pid] = await lines(client, 1);
    client.kill('SIGKILL');
    await untilThere(join(folder, 'told')); // so the server has seen it leave
    return Number(pid);
  },
  'what is left of a command': async ({ address, folder, said }) => {
    const [line, ready] = [stubbornIn(folder), join(folder, 'ready')];
    writeFileSync(
      join(folder, 'left.sh'),
      line.replace('echo $$', () => `echo $$ >${ready}`),
    );
    const main = `sh ${folder}/left.sh & while [ ! -s ${ready} ]; do sleep 0.05; done; cat ${ready}`;
    const client = start('run-and-stay.ts', address, main, '600000');
    const [pid] = await lines(client, 1);
    await untilThere(join(folder, 'told'));
    client.kill('SIGKILL');
    await said.until('connection-closed'); // a connection that is cut off would end it, too
    return Number(pid);
  },
  'a command of the classic exchange whose client is gone': async (server) => {
    const { client, pid } = await startClassic(server);
    client.destroy();
    await untilThere(join(server.folder, 'told'));
    return pid;
  },
  'a command of the classic exchange whose client stays': async (server) => (await startClassic(server)).pid,
};

/** Has a stubborn command run for a client of the classic exchange. */
async function startClassic({
  classic,
  folder,
}: Doomed): Promise<{ readonly client: Socket; readonly pid: number }> {
  const client = connect(classic.replace(/^unix:/, ''));
  client.on('error', () => {}); // its server resets it
  const ready = join(folder, 'ready');
  client.write(stubbornIn(folder).replace('echo $$', () => `echo $$ >${ready}`));
  await untilThere(ready);
  return { client, pid: Number(readFileSync(ready, 'utf8')) };
}

/** A line that says its number, and in a file that it was told to end, which it does not. Nobody reads what the shell says of `sleep`. */
function stubbornIn(folder: string): string {
  return `exec 2>/dev/null; trap "echo told >${folder}/told" TERM; echo $$; while :; do sleep 0.1; done`;
}

function untilThere(file: string): Promise<void> {
  return until(() => existsSync(file) && readFileSync(file, 'utf8') !== '', 10);
}

describe('a second signal', () => {
  for (const model of ['concurrent', 'threading', 'forking'] as const) {
    it(`ends a ${model} server and its commands, whatever their grace`, async () => {
      using folder = temporaryFolder();
      const server = start('serve.ts', folder.path, model);
      const [address = ''] = await lines(server, 1);
      const stubborn = 'trap "echo told" TERM; echo $$; while :; do sleep 0.1; done';
      const client = start('run-and-stay.ts', address, stubborn, '600000');
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

    for (const [name, leave] of Object.entries(left)) {
      it(`ends a ${model} server and ${name}`, async () => {
        using folder = temporaryFolder();
        const server = start('serve.ts', folder.path, model);
        const said = new OutputWatch(server.stdout);
        const [, address = '', classic = ''] = await said.until(/^(.+)\n(.+)\n/);
        const pid = await leave({ address, classic, said, folder: folder.path });
        const ended = once(server, 'exit');
        server.kill('SIGTERM');
        await untilThere(join(folder.path, 'told'));
        server.kill('SIGINT');
        await untilGone(pid);
        assert.deepEqual(await ended, [0, null]);
      });
    }
  }
});
