/**
 * What must, and what must not, compile for stream servers. `tsc` is the test: a line marked `@ts-expect-error` that
 * compiles is an error itself. Nothing here runs.
 */
import {
  BaseRequestHandler,
  ConcurrentMixIn,
  ConcurrentTCPServer,
  type DatagramRequest,
  DatagramRequestHandler,
  type InetAddress,
  type ServerView,
  StreamRequestHandler,
  StreamSocket,
  TCPServer,
  type UnixAddress,
  UnixStreamServer,
} from '../../src/index.ts';

const address = ['127.0.0.1', 0] as const;

class AnyStream extends BaseRequestHandler {}
class TCPOnly extends StreamRequestHandler<InetAddress> {
  override handle(): void {
    const host: string = this.clientAddress[0];
    const peer: InetAddress = this.request.getpeername();
    const view: ServerView = this.server;
    void [host, peer, view];
    // @ts-expect-error -- a TCP client's address is no path
    const path: UnixAddress = this.clientAddress;
    void path;
  }
}
class UnixOnly extends BaseRequestHandler<StreamSocket<UnixAddress>, UnixAddress> {}
class Datagrams extends BaseRequestHandler<DatagramRequest> {}

export const fitting = () => [
  new TCPServer(address, AnyStream),
  new TCPServer(address, TCPOnly),
  new UnixStreamServer('/run/app.sock', AnyStream),
  new UnixStreamServer('/run/app.sock', UnixOnly),
  new ConcurrentTCPServer(address, TCPOnly, { requestQueueSize: 5, timeouts: { drainMs: 10 } }),
];

export const notFitting = () => [
  // @ts-expect-error -- a stream server has no datagrams
  new TCPServer(address, Datagrams),
  // @ts-expect-error -- the same, through the ready-made handler
  new ConcurrentTCPServer(address, DatagramRequestHandler),
  // @ts-expect-error -- a handler for Unix addresses on a TCP server
  new TCPServer(address, UnixOnly),
  // @ts-expect-error -- and the other way round
  new UnixStreamServer('/run/app.sock', TCPOnly),
  // @ts-expect-error -- no handler at all
  new TCPServer(address, Date),
  // @ts-expect-error -- a function is no class
  new TCPServer(address, () => undefined),
  // @ts-expect-error -- an option that does not exist
  new TCPServer(address, AnyStream, { backlog: 5 }),
  // @ts-expect-error -- a unit that is not its
  new TCPServer(address, AnyStream, { timeouts: { drainMs: '10s' } }),
  // @ts-expect-error -- half an address
  new TCPServer(['127.0.0.1'], AnyStream),
  // @ts-expect-error -- a port is a number
  new TCPServer(['127.0.0.1', '8888'], AnyStream),
];

/** A user's own server class, and what its handlers may see of it where they share its thread. */
class CountingServer extends TCPServer {
  static override readonly requestQueueSize = 16;
  served = 0;
  override verifyRequest(request: StreamSocket<InetAddress>, clientAddress: InetAddress): boolean {
    return request.fileno() > 0 && clientAddress[1] > 1024;
  }
}
class ConcurrentCountingServer extends ConcurrentMixIn(CountingServer) {
  override async handleError(request: StreamSocket<InetAddress>, clientAddress: InetAddress, error: unknown) {
    await super.handleError(request, clientAddress, error);
  }
}
class Counting extends BaseRequestHandler<StreamSocket, InetAddress, ConcurrentCountingServer> {
  override handle(): void {
    this.server.served += 1;
    // @ts-expect-error -- that server has no such field
    this.server.lost += 1;
  }
}

export const composed = (): number => new ConcurrentCountingServer(address, Counting).served;

export class WrongReturn extends BaseRequestHandler {
  // @ts-expect-error -- handle() gives nothing
  override handle(): number {
    return 1;
  }
}
