import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Client, connect } from '../../src/client/index.ts';
import { failureOf, serveClient, type ServedClient } from '../support/clients.ts';
import { withTimeFor } from '../support/commands.ts';

describe('a command is ended', () => {
  let served: ServedClient;
  let client: Client;

  before(async () => {
    served = await serveClient();
    client = served.client;
  });

  after(() => served[Symbol.asyncDispose]());

  it('by kill(), also right after the call and after the end of its input', async () => {
    const early = client.exec('sleep', ['60']);
    assert.equal(early.kill(), true);
    assert.deepEqual(signalOf(await failureOf(early)), ['SIGNAL', 'SIGTERM', false]);
    assert.equal(early.kill(), false);
    const reading = client.exec('sh', ['-c', 'cat; exec sleep 60']);
    reading.stdin.end('x');
    await once(reading.stdout, 'data');
    reading.kill('SIGUSR1');
    const error = await failureOf(reading);
    assert.deepEqual([...signalOf(error), error.stdout], ['SIGNAL', 'SIGUSR1', false, 'x']);
    assert.throws(() => early.kill('TERM' as NodeJS.Signals), /Cannot kill: signal must be/);
  });

  it('by SIGKILL, where it does not go by itself', async () => {
    const script = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    const stubborn = client.exec('sh', ['-c', script], { forceKillAfterDelay: 100 });
    await once(stubborn.stdout, 'data');
    stubborn.kill();
    assert.deepEqual(signalOf(await failureOf(stubborn)), ['SIGNAL', 'SIGKILL', true]);
  });

  it('after its time, by the server', async () => {
    const error = await failureOf(client.exec('sleep', ['60'], { timeout: 50 }));
    assert.deepEqual([error.code, error.timedOut, error.signal], ['ETIMEDOUT', true, 'SIGTERM']);
    assert.equal(error.shortMessage, 'The command was ended after 50 milliseconds: sleep 60');
    const idleError = await withTimeFor(100, async (idleTimeout) => {
      const idle = client.exec('sh', ['-c', 'echo one; exec sleep 1000'], { idleTimeout });
      const failure = await failureOf(idle);
      return failure.stdout === '' ? undefined : failure;
    });
    assert.deepEqual([idleError.code, idleError.timedOut, idleError.stdout], ['ETIMEDOUT', true, 'one']);
  });

  it('by a signal of the caller’s, before or after it was started', async () => {
    const stop = new AbortController();
    const running = client.exec('sh', ['-c', 'echo half; exec sleep 60'], { cancelSignal: stop.signal });
    await once(running.stdout, 'data');
    stop.abort(new Error('changed my mind'));
    const error = await failureOf(running);
    assert.deepEqual(
      [error.code, error.isCanceled, error.stdout, error.originalMessage],
      ['ECANCELED', true, 'half', 'changed my mind'],
    );
    const never = await failureOf(client.exec('sleep', ['60'], { signal: AbortSignal.abort('no') }));
    assert.deepEqual([never.isCanceled, never.pid, never.cause], [true, undefined, 'no']);
    assert.equal(never.isDisconnected, false);
  });

  it('by too much output, of which the first stays', async () => {
    const error = await failureOf(client.exec('yes', { maxBuffer: 5 }));
    assert.deepEqual([error.code, error.isMaxBuffer, error.stdout], ['EMAXBUFFER', true, 'y\ny\ny']);
    assert.equal(error.message, `${error.shortMessage}\n\ny\ny\ny`);
    assert.equal((await client.exec('printf', ['12345'], { maxBuffer: 5 })).stdout, '12345');
  });

  it('with `await using`', async () => {
    let pid: number | undefined;
    {
      await using running = client.exec('sleep', ['60']);
      await running.started;
      pid = running.pid;
    }
    assert.throws(() => process.kill(pid!, 0), { code: 'ESRCH' });
    let early;
    {
      await using left = client.exec('sleep', ['60']);
      early = left;
    }
    const { code, isDisconnected, pid: none } = await failureOf(early);
    assert.deepEqual([code, isDisconnected, none], ['EKILLED', false, undefined]);
    assert.equal(client.failure, undefined);
  });

  it('with the connection, which says so', async () => {
    await using own = await connect(served.server.server.addresses[0]!);
    const running = own.exec('sleep', ['60'], { buffer: false });
    await running.started;
    const { stdout } = running;
    void own.close();
    const error = await failureOf(running);
    assert.deepEqual([error.code, error.isDisconnected, error.exitCode], ['EDISCONNECTED', true, undefined]);
    assert.equal((await own.closed).name, 'ConnectionLostError');
    assert.ok(stdout.destroyed);
    assert.equal((await failureOf(own.exec('true'))).code, 'EDISCONNECTED');
    assert.equal((await failureOf(own.exec('true').started)).code, 'EDISCONNECTED');
    await assert.rejects(own.ping(), { code: 'CONNECTION_LOST' });
    await assert.rejects(own.status(), { code: 'CONNECTION_LOST' });
  });

  it('without an unhandled rejection where somebody watches it, and with one where nobody does', async () => {
    const program = (body: string): string => `
      import { connect } from ${JSON.stringify(join(import.meta.dirname, '../../src/client/index.ts'))};
      process.on('unhandledRejection', (error) => console.log('unhandled', error.code));
      const client = await connect(${JSON.stringify(served.server.server.addresses[0])});
      ${body}
      await client.exec('true');
      await client.close();`;
    const watched = `
      client.exec('false', { buffer: false });
      client.exec('false').stdout.resume();
      client.exec('false', { reject: false });
      await client.exec('false', { reject: false }).started;
      client.exec('false').catch(() => {});
      await client.exec('sleep', ['0.1']);`;
    assert.equal(await outputOf(program(watched)), '');
    const ignored =
      "client.exec('false'); await new Promise((told) => process.once('unhandledRejection', told));";
    assert.equal(await outputOf(program(ignored)), 'unhandled EXIT\n');
  });
});

function signalOf(error: { code: string; signal: unknown; isForcefullyTerminated: boolean }): unknown[] {
  return [error.code, error.signal, error.isForcefullyTerminated];
}

async function outputOf(program: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await once(child, 'close');
  return output;
}
