import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseNotifyEnvironment } from '../../src/systemd/notify-environment.ts';

describe('the variables of sd_notify(3) and sd_watchdog_enabled(3)', () => {
  for (const [title, env, expected] of [
    ['may be missing', {}, undefined],
    ['may be empty', { NOTIFY_SOCKET: '' }, undefined],
    ['name a socket', { NOTIFY_SOCKET: '/run/n' }, { socket: '/run/n', watchdogMs: undefined }],
    [
      'say how often the watchdog wants a sign of life',
      { NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '2500500', WATCHDOG_PID: '7' },
      { socket: '@n', watchdogMs: 2_500.5 },
    ],
    [
      'need not say whose the watchdog is',
      { NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '1000' },
      { socket: '@n', watchdogMs: 1 },
    ],
    [
      "may mean another process's watchdog",
      { NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '1000', WATCHDOG_PID: '8' },
      { socket: '@n', watchdogMs: undefined },
    ],
    [
      'mean no watchdog by a number that is none',
      { NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '0', WATCHDOG_PID: '7' },
      { socket: '@n', watchdogMs: undefined },
    ],
  ] as const) {
    it(title, () => assert.deepEqual(parseNotifyEnvironment(env, 7), expected));
  }

  it('mean no watchdog at all without a socket to tell it', () => {
    assert.equal(parseNotifyEnvironment({ WATCHDOG_USEC: '1000' }, 7), undefined);
  });
});
