import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseListenEnvironment } from '../../src/systemd/listen-environment.ts';

describe('the variables of sd_listen_fds(3)', () => {
  it('name the sockets from descriptor 3 on', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'web:web:admin' };
    assert.deepEqual(parseListenEnvironment(env, 7), {
      sockets: [
        { fd: 3, name: 'web' },
        { fd: 4, name: 'web' },
        { fd: 5, name: 'admin' },
      ],
    });
  });

  it('need not name the sockets', () => {
    const { sockets } = parseListenEnvironment({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7);
    assert.deepEqual(sockets, [{ fd: 3, name: 'unknown' }]);
  });

  it('may say that there is none', () => {
    const env = { LISTEN_PID: '7', LISTEN_FDS: '0', LISTEN_FDNAMES: '' };
    assert.deepEqual(parseListenEnvironment(env, 7), { sockets: [] });
  });

  for (const [title, env, because] of [
    ['are missing', {}, /^LISTEN_FDS is not set$/],
    ['do not say for whom', { LISTEN_FDS: '1' }, /^LISTEN_PID is not set$/],
    [
      'are for another process',
      { LISTEN_FDS: '1', LISTEN_PID: '8' },
      /^LISTEN_PID is 8 and this process is 7/,
    ],
  ] as const) {
    it(`give nothing, and why, where they ${title}`, () => {
      const passed = parseListenEnvironment(env, 7);
      assert.deepEqual(passed.sockets, []);
      assert.match('because' in passed ? passed.because : '', because);
    });
  }

  for (const [env, message] of [
    [{ LISTEN_PID: '7', LISTEN_FDS: 'two' }, /LISTEN_FDS must be a number from 0 to 4194304, got 'two'$/],
    [{ LISTEN_PID: '7', LISTEN_FDS: '4194305' }, /LISTEN_FDS must be a number/],
    [{ LISTEN_PID: '-7', LISTEN_FDS: '1' }, /LISTEN_PID must be a number from 0 to 2147483647, got '-7'$/],
    [
      { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'web' },
      /LISTEN_FDNAMES must have 2 names, as LISTEN_FDS says, got 'web'$/,
    ],
  ] as const) {
    it(`are refused where nobody can have meant them: ${JSON.stringify(env)}`, () => {
      assert.throws(() => parseListenEnvironment(env, 7), { name: 'TypeError', message });
    });
  }

  it('give every socket its name, whatever the names are', () => {
    const name = fc.string({ minLength: 0, maxLength: 255 }).map((text) => text.replaceAll(':', ';'));
    const names = fc.array(name, { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 2 ** 22 }), (given, pid) => {
        const env = {
          LISTEN_PID: `${pid}`,
          LISTEN_FDS: `${given.length}`,
          LISTEN_FDNAMES: given.join(':'),
        };
        const expected = given.map((text, index) => ({ fd: 3 + index, name: text }));
        assert.deepEqual(parseListenEnvironment(env, pid).sockets, expected);
      }),
    );
  });
});
