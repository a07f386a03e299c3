import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { homeFolder } from '../../src/paths/current-user.ts';
import { defaultPath } from '../../src/paths/system-programs.ts';
import { openStarter } from '../../src/process/process-starter.ts';
import { commandSpec } from '../support/commands.ts';

const starter = await openStarter('auto');

describe('before a start for which this thread waits', () => {
  const env = { PATH: defaultPath() };
  const refusals: readonly (readonly [string, Parameters<typeof commandSpec>, object])[] = [
    ['a folder', [['true'], { cwd: '/no/such', env }], { code: 'NOT_EXECUTABLE' }],
    ['a program by its path', [['/no/such'], { cwd: homeFolder(), env }], { code: 'NOT_FOUND' }],
    ['a PATH', [['true'], { cwd: homeFolder(), env: { PATH: '/no/such' } }], { code: 'NOT_FOUND' }],
  ];
  for (const [name, spec, error] of refusals) {
    it(`what a client has named is looked at elsewhere: ${name}`, async () => {
      await assert.rejects(starter.check(commandSpec(...spec)), error);
    });
  }
});
