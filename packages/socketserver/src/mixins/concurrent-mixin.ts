import type { SocketAddress } from '../address/socket-address.ts';
import type { ServerClass } from './server-class.ts';

/**
 * Makes a server class concurrent: requests run interleaved on the event loop of this thread, each as far as its
 * next `await`. A handler that computes for long holds all others up: see the threading servers for those.
 *
 * @example
 * class MyServer extends ConcurrentMixIn(TCPServer) {}
 *
 * @see CPython `socketserver.ThreadingMixIn`
 */
export function ConcurrentMixIn<Base extends ServerClass>(Server: Base): Base {
  abstract class ConcurrentServer extends Server {
    /** Starts the request and returns at once; its errors go to `handleError`. */
    override processRequest(request: unknown, clientAddress: SocketAddress): Promise<void> | void {
      void this.runRequest(request, clientAddress);
    }
  }
  return ConcurrentServer;
}
