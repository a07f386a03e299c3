import { type InetAddressInput, parseInetAddress } from '../address/parse-address.ts';
import type { InetAddress } from '../address/socket-address.ts';
import { checkOptions } from '../options/check-options.ts';
import {
  type StreamHandlerClass,
  streamOptionRules,
  StreamServer,
  type StreamServerOptions,
} from './stream-server.ts';

/**
 * A TCP server that serves one connection after the other; later clients wait, in order.
 *
 * @example
 * await using server = new TCPServer(['127.0.0.1', 8888], Echo);
 * await server.serveForever();
 *
 * @see CPython `socketserver.TCPServer`
 */
export class TCPServer extends StreamServer<InetAddress> {
  /**
   * Binds and listens.
   *
   * @param serverAddress - `['127.0.0.1', 8888]`, `{ host, port }` or text; port 0 takes a free one.
   * @throws the operating system's error (`EADDRINUSE`, `EACCES`, ...), with nothing left open; TypeError and
   *   RangeError for wrong arguments.
   */
  constructor(
    serverAddress: InetAddressInput,
    RequestHandlerClass: StreamHandlerClass<InetAddress>,
    options?: StreamServerOptions,
  ) {
    const action = `Cannot construct ${new.target.name}`;
    const checked = checkOptions(options, streamOptionRules, { action, path: 'options' });
    super(parseInetAddress(serverAddress, undefined), RequestHandlerClass, checked);
    if (checked.bindAndActivate ?? true) this.bindAndActivate();
  }
}
