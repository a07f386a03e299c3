/**
 * How a socket has its connection:
 *
 * - `open`: both directions, as far as the peer wants;
 * - `write-ended`: our side was shut down;
 * - `securing`: in the hands of a TLS handshake, and `open` after it;
 * - `detached`: given away as a Node stream;
 * - `moved`: served by a worker;
 * - `closed`: here, while the last bytes may still go out.
 */
export type SocketState = 'open' | 'write-ended' | 'securing' | 'detached' | 'moved' | 'closed';

/** Why an operation is refused, as the end of a sentence. */
export const whyNot: Readonly<Record<SocketState, string>> = {
  open: 'connection is closed',
  'write-ended': 'writing side of the connection was shut down',
  securing: 'TLS handshake of the connection is not done: await startTLS() first',
  detached: 'connection was given away by detach()',
  moved: 'connection is served by a worker',
  closed: 'socket is closed',
};
