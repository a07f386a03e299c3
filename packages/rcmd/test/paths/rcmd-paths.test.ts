import assert from 'node:assert/strict';
import { tmpdir, userInfo } from 'node:os';
import { describe, it } from 'node:test';
import { rcmdPaths } from '../../src/paths/rcmd-paths.ts';

describe('the folders of a user', () => {
  it('are those of the environment', () => {
    const env = { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' };
    assert.deepEqual(rcmdPaths(env), { config: '/c/rcmd', state: '/s/rcmd', runtime: '/r/rcmd' });
    assert.equal(rcmdPaths({ HOME: '/h' }).config, '/h/.config/rcmd');
  });

  for (const value of ['', 'relative']) {
    it(`are never ${JSON.stringify(value)}, nor shared with other users`, () => {
      const names = ['HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'];
      const { config, runtime } = rcmdPaths(Object.fromEntries(names.map((name) => [name, value])));
      assert.equal(config, `${userInfo().homedir}/.config/rcmd`);
      assert.equal(runtime, `${tmpdir()}/rcmd-${userInfo().uid}`);
    });
  }
});
