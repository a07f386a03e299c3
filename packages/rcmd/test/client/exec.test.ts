import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, CommandError, connect } from '../../src/client/index.ts';
import { startServer, type TestServer } from '../support/servers.ts';

/** What a command rejects with. */
async function failureOf(running: PromiseLike<unknown>): Promise<CommandError> {
  try {
    await running;
  } catch (error) {
    assert.ok(error instanceof CommandError);
    return error;
  }
  throw new assert.AssertionError({ message: 'the command did not fail' });
}

describe('exec()', () => {
  let server: TestServer;
  let client: Client;

  before(async () => {
    server = await startServer();
    client = await connect(server.server.addresses[0]!);
  });

  after(async () => {
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  it('gives what a command wrote, and how it ended', async () => {
    const result = await client.exec('sh', ['-c', 'echo out; echo err >&2'], { cwd: '/tmp' });
    assert.deepEqual(
      [result.stdout, result.stderr, result.all, result.exitCode, result.failed],
      ['out', 'err', undefined, 0, false],
    );
    assert.deepEqual(
      [result.command, result.escapedCommand, result.cwd, result.host],
      ['sh -c echo out; echo err >&2', "sh -c 'echo out; echo err >&2'", '/tmp', client.target],
    );
    assert.ok(result.pid! > 1 && result.durationMs > 0);
  });

  it('rejects where a command fails, with all that a result has', async () => {
    const error = await failureOf(client.exec('sh', ['-c', 'echo half; echo why >&2; exit 3']));
    assert.ok(error instanceof CommandError);
    assert.deepEqual(
      [error.code, error.exitCode, error.stdout, error.stderr, error.failed],
      ['EXIT', 3, 'half', 'why', true],
    );
    assert.equal(
      error.shortMessage,
      "The command failed with exit code 3: sh -c 'echo half; echo why >&2; exit 3'",
    );
    assert.equal(error.message, `${error.shortMessage}\n\nwhy\n\nhalf`);
    const resolved = await client.exec('false', { reject: false });
    assert.ok(resolved instanceof CommandError && resolved.exitCode === 1);
  });

  it('says why nothing was run', async () => {
    const reasonOf = async (file: string, options = {}): Promise<unknown> => {
      const { code, exitCode } = await failureOf(client.exec(file, options));
      return [code, exitCode];
    };
    assert.deepEqual(await reasonOf('no-such-program'), ['ENOENT', undefined]);
    assert.deepEqual(await reasonOf('/etc/passwd'), ['EACCES', undefined]);
    assert.deepEqual(await reasonOf('true', { cwd: '/no/such/folder' }), ['EACCES', undefined]);
    assert.deepEqual(await reasonOf('true', { env: { LD_PRELOAD: '/x' } }), ['EDENIED', undefined]);
  });

  it('tells which signal ended a command', async () => {
    const error = await client.exec('sh', ['-c', 'kill -SEGV $$'], { reject: false });
    assert.deepEqual(
      [error.signal, error.isTerminated, error.exitCode, error.signalDescription],
      ['SIGSEGV', true, undefined, 'touched memory that is not its own'],
    );
  });
});
