import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandSpec } from '../../src/process/command.ts';
import { commandSpec, finish, startRunner } from '../support/commands.ts';

const largest = 131_071;

/** What cannot be started, and what is said about it. */
const refusals: readonly (readonly [string, CommandSpec, RegExp])[] = [
  [
    'an argument that is too long',
    commandSpec(['true', 'x'.repeat(largest + 1)]),
    /^argument 1 has 131072 bytes, where a program can be started with at most 131071: /,
  ],
  [
    'a variable that is too long',
    commandSpec(['true'], { env: { PATH: '/bin', BIG: 'ü'.repeat(65_536) } }),
    /^the variable "BIG" has 131076 bytes, where a program can be started with at most 131071: /,
  ],
  [
    'more than the system takes',
    commandSpec(['true', ...Array.from({ length: 80 }, () => 'x'.repeat(largest))]),
    /^its arguments and variables are together more than this system starts a program with: /,
  ],
  [
    'an argument with NUL',
    commandSpec(['echo', 'a\0b']),
    /^argument 1 has a NUL byte after 1 characters, where it must be text without NUL$/,
  ],
  [
    'a folder with NUL',
    commandSpec(['true'], { cwd: '/tmp\0' }),
    /^the working directory has a NUL byte after 4 characters, /,
  ],
];

for (const starter of ['auto', 'node'] as const) {
  describe(`a command that no system could start, by ${starter}`, () => {
    for (const [name, spec, message] of refusals) {
      it(`is refused for ${name}`, async () => {
        await using started = await startRunner({ starter });
        await assert.rejects(started.runner.run(spec, 'me'), { code: 'BAD_REQUEST', message });
      });
    }

    it('may have the longest argument there is', async () => {
      await using started = await startRunner({ starter });
      const spec = commandSpec(['printf', '%s', 'x'.repeat(largest)]);
      const { stdout } = await finish(await started.runner.run(spec, 'me'));
      assert.equal(stdout.length, largest);
    });
  });
}
