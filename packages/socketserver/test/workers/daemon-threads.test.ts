import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import type { InetAddress } from '../../src/index.ts';
import { LineClient } from '../support/line-client.ts';

const program = join(import.meta.dirname, 'programs/leaves-a-request.ts');

/** Longer than any program takes to end that does so by itself: what it bounds is how long a failure takes. */
const patienceMs = 100_000;

/** Runs the program until its server is closed, whose one request still runs. */
async function withRequestLeft(daemonThreads: boolean) {
  const child = spawn(process.execPath, [program, String(daemonThreads)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(patienceMs) });
  exited.catch(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: port } = (await lines.next()) as { readonly value: string };
  const serverAddress: InetAddress = ['127.0.0.1', Number(port)];
  const client = await LineClient.to({ serverAddress }, 'node');
  await client.ask('shut down');
  assert.deepEqual(await lines.next(), { done: false, value: 'closed' });
  return { client, child, exited };
}

describe('a program that closes its server while a request runs', () => {
  it('goes on until the request has ended, where its threads are no daemons', async () => {
    const { client, child, exited } = await withRequestLeft(false);
    for (let count = 0; count < 200; count += 1) assert.equal(await client.ask('still'), 'STILL');
    assert.equal(child.exitCode, null);
    client.socket.close();
    assert.deepEqual(await exited, [0, null]);
  });

  it('ends, and the request with it, where they are', async () => {
    const { client, exited } = await withRequestLeft(true);
    assert.deepEqual(await exited, [0, null]);
    assert.equal(await client.next(), '', 'nobody is there any more');
    client.socket.close();
  });
});
