import { StreamSocket } from './stream-socket.ts';

/**
 * The number of a request of any kind: of a connection, or of a datagram.
 *
 * @returns 0 for one that no server has numbered.
 */
export function requestIdOf(request: unknown): number {
  if (request instanceof StreamSocket) return request.id;
  const id: unknown = Array.isArray(request) ? request[3] : undefined; // a DatagramRequest
  return typeof id === 'number' ? id : 0;
}
