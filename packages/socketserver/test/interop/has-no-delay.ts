import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { StreamSocket } from '../../src/index.ts';
import { systemPython } from './program.ts';

const question =
  'import socket; print(socket.socket(fileno=3).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))';

/** Whether a socket has `TCP_NODELAY`. Asks the system by another program, since Node cannot. */
export function hasNoDelay(socket: StreamSocket): boolean {
  const { stdout } = spawnSync(systemPython, ['-c', question], {
    stdio: ['ignore', 'pipe', 'inherit', socket.fileno()],
    encoding: 'utf8',
  });
  assert.match(stdout, /^\d+\n$/);
  return stdout !== '0\n';
}
