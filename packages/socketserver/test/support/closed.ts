import type { EventEmitter } from 'node:events';

/** Waits until a socket is closed, by a reset or otherwise: `once()` would take a reset for a failure of its own. */
export function closed(socket: EventEmitter): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
