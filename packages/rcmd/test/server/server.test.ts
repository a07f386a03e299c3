import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createServer } from '../../src/index.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { temporaryFolder } from '../support/commands.ts';
import {
  connectClient,
  otherIdentity,
  runOverTLS,
  startRefused,
  startServer,
  testPaths,
} from '../support/servers.ts';

describe('a server', () => {
  it('runs what a local user asks for', async () => {
    await using started = await startServer();
    await using client = await started.client();
    const { stdout, stderr, end } = await client.run({ shell: 'cat; echo err >&2; exit 3' }, 'in');
    assert.deepEqual([stdout, stderr, end.exitCode], ['in', 'err\n', 3]);
  });

  it('serves on though the application fails at listening to it, and warns', async () => {
    using folder = temporaryFolder();
    const { socket, ...paths } = testPaths(folder.path);
    const warned: string[] = [];
    const warn = ({ message }: Error): void => void warned.push(message);
    process.on('warning', warn);
    await using server = await createServer({
      listen: `unix:${socket}`,
      paths,
      onEvent: ({ type }): unknown => {
        if (type === 'command-started') throw new Error('one');
        return type === 'command-ended' ? Promise.reject(new Error('other')) : undefined;
      },
    });
    const serving = server.serve();
    {
      await using client = await connectClient(`unix:${socket}`);
      assert.equal((await client.run({ shell: 'echo a' })).stdout, 'a\n');
      assert.equal((await client.run({ shell: 'echo b' })).stdout, 'b\n');
    }
    await server.close();
    await serving;
    process.off('warning', warn);
    assert.deepEqual(
      new Set(warned),
      new Set(['onEvent failed at command-started: one', 'onEvent failed at command-ended: other']),
    );
  });

  it('has a socket that nobody else may use', async () => {
    await using started = await startServer();
    const path = started.server.addresses[0]!.slice('unix:'.length);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
  });

  it('does not listen in a folder that others may enter, and leaves that as it is', async () => {
    using folder = temporaryFolder();
    const open = join(folder.path, 'open');
    mkdirSync(open, { mode: 0o755 });
    await assert.rejects(startRefused({ listen: `unix:${open}/s.sock` }), {
      code: 'UNSAFE_PATH',
      message:
        /open must be closed to all others; name one that is for this alone, or see what is there: ls -ld \/[^ ]*open$/,
    });
    assert.equal(statSync(open).mode & 0o777, 0o755);
  });

  it('runs what the holder of its user’s own key asks for over TLS', async () => {
    await using started = await startServer({ listen: '127.0.0.1:0' });
    const identity = await loadIdentity(started.paths.config);
    const messages = await runOverTLS(started.server.addresses[0]!, identity, { argv: ['echo', 'hi'] });
    assert.deepEqual(
      messages.map(({ type }) => type).filter((type) => type !== 'data' && type !== 'eof'),
      ['hello', 'started', 'exit'],
    );
  });

  it('runs nothing for a key that it does not know, and for no key', async () => {
    await using started = await startServer({ listen: '127.0.0.1:0' });
    const stranger = await otherIdentity(join(started.paths.state, 'other'));
    for (const identity of [stranger, undefined]) {
      const messages = await runOverTLS(started.server.addresses[0]!, identity);
      assert.deepEqual(
        messages.map(({ type }) => type),
        ['go-away'],
      );
    }
    assert.equal((await started.refusals(2)).length, 2);
    assert.equal(
      started.events.some(({ type }) => type === 'command-started'),
      false,
    );
  });
});
