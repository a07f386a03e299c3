import type { Socket } from 'node:net';

/**
 * Sets `TCP_NODELAY` on a socket of Node's, which asks the system only for what it does not believe to be so already: and of
 * a socket that another thread or process has opened, or that inherited the option, it believes that it is off.
 */
export function setNoDelay(socket: Socket, on: boolean): void {
  socket.setNoDelay(true);
  if (!on) socket.setNoDelay(false);
}
