import { closeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Has Node go on with a descriptor, unread. It is closed where Node does not take it. */
export function openSocket(fd: number): Socket {
  // `manualStart` keeps the constructor from reading at once; where a Node no longer knows it, bytes that come
  // early wait in the socket's buffer behind those that are put back.
  const options = { fd, allowHalfOpen: true, manualStart: true };
  try {
    return new Socket(options);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
