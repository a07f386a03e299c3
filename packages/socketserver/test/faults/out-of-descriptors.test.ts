import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { connect, type StreamSocket } from '../../src/index.ts';
import { until } from '../support/until.ts';

const program = join(import.meta.dirname, 'programs/echo-server.ts');

describe('a server that runs out of descriptors', { skip: process.platform === 'win32' }, () => {
  it('stays calm, serves those it has, and serves new clients when some have left', async () => {
    const child = spawn('/bin/sh', ['-c', `ulimit -n 60; exec "$0" "$1"`, process.execPath, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async () => Number((await lines.next()).value);
    const cpuMs = () => {
      child.stdin.write('cpu\n');
      return nextLine();
    };
    const address = ['127.0.0.1', await nextLine()] as const;

    const first = await connect(address);
    const crowd: StreamSocket[] = [];
    for (let count = 0; count < 100; count += 1) crowd.push(await connect(address));
    await first.sendall('still here');
    assert.equal((await first.readExactly(10)).toString(), 'still here');

    const before = await cpuMs();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const spent = (await cpuMs()) - before;
    assert.ok(spent < 200, `${spent} ms of CPU in a second of waiting`);

    for (const socket of crowd) socket.reset();
    await until(async () => {
      const socket = await connect(address); // answered once the server has noticed that the crowd is gone
      await socket.sendall('hello').catch(() => undefined);
      const answer = await socket.readExactly(5).catch(() => '');
      socket.close();
      return answer.toString() === 'hello';
    });
    first.close();
    child.stdin.end();
    const [status] = (await exited) as [number];
    assert.equal(status, 0);
  });
});
