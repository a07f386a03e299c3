import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from 'rcmd';
import { RunningProgram } from './running-program.ts';

describe('the example of an embedded server', () => {
  it('shows what one command is good for', async () => {
    await using program = RunningProgram.example('rcmd-embed.ts', []);
    const { code, stdout, stderr } = await program.ended();
    assert.equal(stderr, '');
    assert.match(
      stdout,
      /^this is Linux, which took [\d.]+ ms to find out\nas expected: The command failed with exit code 2: sh -c .*\n1 tick\n2 tick\n3 tick\nsorted there: 1 9 10\n$/,
    );
    assert.equal(code, 0);
  });

  it('serves the same user in another process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rcmd-embed-test-'));
    const config = join(folder, 'config');
    const env = { XDG_CONFIG_HOME: config, XDG_STATE_HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') };
    try {
      await using program = RunningProgram.example('rcmd-embed.ts', ['--serve', '127.0.0.1:0'], env);
      const [, address] = await program.stdout.waitFor(/serving on (\S+), key SHA256:\S{43}\n/);
      await using client = await connect(address!, { configFolder: join(config, 'rcmd') });
      assert.equal((await client.exec('echo', ['hello'])).stdout, 'hello');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
