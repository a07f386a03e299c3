import type { SocketAddress } from '../address/socket-address.ts';
import type { StreamSocket } from '../request/stream-socket.ts';
import type { ServerView } from './server-view.ts';
import type { RequestHandler } from './request-handler.ts';

/**
 * The class to subclass: one object serves one request.
 *
 * You override `handle`, and `setup` and `finish` where there is something to prepare or to put away; each may
 * be `async`. You read `this.request`, `this.clientAddress` and `this.server`. The server calls the three in that
 * order and then ends the request; what `handle` throws goes to the server's `handleError`.
 *
 * @typeParam Request - a `StreamSocket` (the default) on stream servers, `DatagramRequest` on datagram servers.
 * @typeParam Server - what `this.server` is: a server class of your own in the serial and concurrent models.
 *
 * @example
 * class Echo extends BaseRequestHandler {
 *   override async handle() {
 *     for await (const bytes of this.request) await this.request.sendall(bytes);
 *   }
 * }
 *
 * @see CPython `socketserver.BaseRequestHandler`
 */
export class BaseRequestHandler<
  Request = StreamSocket,
  Address extends SocketAddress = SocketAddress,
  Server extends ServerView = ServerView,
> implements RequestHandler {
  /**
   * `import.meta.url` of the module that exports this class under its name. Threading and forking servers need it;
   * the others ignore it.
   */
  static readonly module: string | undefined = undefined;

  readonly request: Request;
  readonly clientAddress: Address;
  readonly server: Server;

  constructor(request: Request, clientAddress: Address, server: ServerView) {
    this.request = request;
    this.clientAddress = clientAddress;
    this.server = server as Server;
  }

  /** Prepares. When it throws, neither `handle` nor `finish` is called. */
  setup(): Promise<void> | void {}

  /** Serves the request. */
  handle(): Promise<void> | void {}

  /** Puts away, after `handle` returned or threw. The connection is still open. */
  finish(): Promise<void> | void {}
}
