import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createProgram } from '../../src/cli/program.ts';
import { Machine } from '../support/machine.ts';

describe('help', async () => {
  const names = ['', ...(await createProgram()).commands.map((command) => command.name())];
  for (const name of names.filter((each) => each !== 'complete')) {
    it(`of rcmd ${name} fits a screen and shows an example`, async () => {
      using machine = new Machine();
      const { code, stderr, stdout } = await machine.run([...(name === '' ? [] : [name]), '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      const lines = stdout.trimEnd().split('\n');
      assert.ok(lines.length <= 24, `${lines.length} lines`);
      for (const line of lines) assert.ok(line.length <= 80, line);
      assert.match(stdout, /Examples?:\s+(rcmd|source)/);
    });
  }

  it('of a command is also what rcmd help says', async () => {
    using machine = new Machine();
    const { code, stderr, stdout } = await machine.run(['help', 'exec']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, (await machine.run(['exec', '--help'])).stdout);
    const wrong = await machine.run(['help', 'nonsense']);
    assert.deepEqual([wrong.code, wrong.stdout], [125, '']);
    assert.match(wrong.stderr, /^Usage: rcmd /);
  });

  it('is pointed to for what cannot be understood', async () => {
    using machine = new Machine();
    for (const args of [['exec', '--nonsense'], ['serve', 'here'], ['nonsense']]) {
      const { code, stderr, stdout } = await machine.run(args);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /^rcmd: .*--help/s);
    }
  });

  it('is not needed for the version', async () => {
    using machine = new Machine();
    assert.match((await machine.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
