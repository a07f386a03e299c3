import assert from 'node:assert/strict';
import { once } from 'node:events';
import process from 'node:process';
import { describe, it } from 'node:test';
import { NotifySocket } from '../../src/systemd/notify-socket.ts';

interface Warned extends Error {
  readonly code?: string;
}

describe('messages to systemd', () => {
  it('are one datagram each, with a line for each assignment', () => {
    const sent: unknown[] = [];
    const socket = new NotifySocket('@name', (path, text) => sent.push([path, text]));
    socket.tell('READY=1', 'STATUS=Serving');
    socket.tell('STOPPING=1');
    assert.deepEqual(sent, [
      ['@name', 'READY=1\nSTATUS=Serving'],
      ['@name', 'STOPPING=1'],
    ]);
  });

  it('wait, in order, while the socket has no room', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const sent: string[] = [];
    let hasRoom = false;
    const socket = new NotifySocket('/run/n', (_path, text) => {
      if (!hasRoom) throw Object.assign(new Error('no room'), { code: 'EAGAIN' });
      sent.push(text);
    });
    socket.tell('READY=1');
    socket.tell('WATCHDOG=1');
    context.mock.timers.tick(20);
    assert.deepEqual(sent, []);
    hasRoom = true;
    socket.tell('STOPPING=1');
    assert.deepEqual(sent, [], 'behind those that wait');
    context.mock.timers.tick(20);
    assert.deepEqual(sent, ['READY=1', 'WATCHDOG=1', 'STOPPING=1']);
  });

  for (const [title, path, send, reason] of [
    ['where they cannot be sent here', '/run/n', new Error('no such package'), 'no such package'],
    [
      'where the socket is of another kind',
      'vsock:2:1',
      () => {},
      "it must begin with / or @, got 'vsock:2:1'",
    ],
    [
      'where nobody listens',
      '/run/n',
      () => {
        throw Object.assign(new Error('sendto ENOENT'), { code: 'ENOENT' });
      },
      'sendto ENOENT',
    ],
  ] as const) {
    it(`end no server, and warn once, ${title}`, async () => {
      const warnings: Warned[] = [];
      const listener = (warning: Warned): number => warnings.push(warning);
      process.on('warning', listener);
      const socket = new NotifySocket(path, send);
      socket.tell('READY=1');
      socket.tell('STOPPING=1');
      process.emitWarning('the last one');
      while (warnings.at(-1)?.message !== 'the last one') await once(process, 'warning');
      process.off('warning', listener);
      assert.deepEqual(
        warnings.slice(0, -1).map(({ name, code, message }) => [name, code, message]),
        [
          [
            'SystemdWarning',
            'SOCKETSERVER_NOTIFY',
            `NOTIFY_SOCKET is set, but systemd cannot be told that the service is ready: ${reason}`,
          ],
        ],
      );
    });
  }
});
