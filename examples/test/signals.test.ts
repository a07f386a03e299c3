import assert from 'node:assert/strict';
import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { endedAtFirstWord } from '../../packages/socketserver/test/support/ended-at-first-word.ts';
import { RunningProgram } from './running-program.ts';

/** Examples that end in good order at signals, and what they say when they listen. */
const examples: Readonly<Record<string, readonly [args: readonly string[], said: RegExp]>> = {
  'haproxy/server.ts': [['one', '0', '0'], /^server one on \S+\n$/],
  'hash.ts': [['--server', 'concurrent', '0'], /^hash server on \S+\n$/],
  'opentelemetry.ts': [['--server', 'concurrent', '0'], /^traced echo server on \S+\n/],
  'rcmd-embed.ts': [['--serve', '127.0.0.1:0'], /^serving on \S+ key \S+\n$/],
  'remote-command-server.ts': [['0'], /^remote command server on \S+\nwaiting for client \.\.\. \n$/],
  'websocket.ts': [['0'], /^lines and WebSocket on \S+\n$/],
};

describe('a signal that comes as soon as a server says that it listens ends it in good order:', () => {
  for (const [path, [args, said]] of Object.entries(examples)) {
    it(path, async () => {
      using folder = mkdtempDisposableSync(join(tmpdir(), 'examples-'));
      await using program = RunningProgram.example(path, args, {
        NODE_OPTIONS: `--import=${endedAtFirstWord}`,
        HOME: folder.path,
        XDG_RUNTIME_DIR: folder.path,
      });
      const { code, stderr, stdout } = await program.ended();
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, said);
    });
  }
});
