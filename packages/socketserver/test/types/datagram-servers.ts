/**
 * What must, and what must not, compile for datagram servers. `tsc` is the test: a line marked `@ts-expect-error` that
 * compiles is an error itself. Nothing here runs.
 */
import {
  BaseRequestHandler,
  ConcurrentMixIn,
  ConcurrentUDPServer,
  type DatagramRequest,
  DatagramRequestHandler,
  type InetAddress,
  StreamRequestHandler,
  UDPServer,
  type UnixAddress,
  UnixDatagramServer,
} from '../../src/index.ts';

const address = ['127.0.0.1', 0] as const;

class AnyDatagram extends BaseRequestHandler<DatagramRequest> {
  override async handle(): Promise<void> {
    const [data, socket, isTruncated] = this.request;
    const text: string = data.toString();
    const flag: boolean = isTruncated;
    await socket.sendto(text + String(flag), this.clientAddress);
    // @ts-expect-error -- a datagram is no stream
    await this.request.recv(5);
    // @ts-expect-error -- a port is a number
    await socket.sendto('x', ['127.0.0.1', '53']);
  }
}
class UDPOnly extends DatagramRequestHandler<InetAddress> {
  override handle(): void {
    const port: number = this.clientAddress[1];
    this.wfile.write(`${port} ${this.packet.length} ${this.socket.getsockname()[0]}`);
    // @ts-expect-error -- a UDP client's address is no path
    const path: UnixAddress = this.clientAddress;
    void path;
  }
}
class UnixOnly extends DatagramRequestHandler<UnixAddress> {}
class AnyStream extends BaseRequestHandler {}
class StreamLines extends StreamRequestHandler {}

export const fitting = () => [
  new UDPServer(address, AnyDatagram),
  new UDPServer('[::]:53', UDPOnly, {
    ipv6Only: true,
    multicast: { groups: ['ff02::fb'], interface: '::%eth0' },
  }),
  new ConcurrentUDPServer({ host: '', port: 0 }, DatagramRequestHandler, {
    limits: { maxPending: 10, whenFull: 'drop-oldest' },
  }),
  new UnixDatagramServer('/run/app.sock', AnyDatagram, { mode: 0o660 }),
  new UnixDatagramServer({ path: '/run/app.sock' }, UnixOnly),
];

export const notFitting = () => [
  // @ts-expect-error -- a datagram server has no streams
  new UDPServer(address, AnyStream),
  // @ts-expect-error -- the same, through the ready-made handler
  new ConcurrentUDPServer(address, StreamLines),
  // @ts-expect-error -- a handler for Unix addresses on a UDP server
  new UDPServer(address, UnixOnly),
  // @ts-expect-error -- and the other way round
  new UnixDatagramServer('/run/app.sock', UDPOnly),
  // @ts-expect-error -- datagram sockets do not listen
  new UDPServer(address, AnyDatagram, { requestQueueSize: 5 }),
  // @ts-expect-error -- a choice that does not exist
  new UDPServer(address, AnyDatagram, { limits: { whenFull: 'refuse' } }),
  // @ts-expect-error -- Unix sockets have no multicast
  new UnixDatagramServer('/run/app.sock', UnixOnly, { multicast: {} }),
  // @ts-expect-error -- a Unix socket has no port
  new UnixDatagramServer(['127.0.0.1', 5], UnixOnly),
];

/** A user's own server class, and what its handlers may see of it where they share its thread. */
class CountingServer extends UDPServer {
  static override readonly maxPacketSize = 512;
  served = 0;
  override verifyRequest([data]: DatagramRequest<InetAddress>, clientAddress: InetAddress): boolean {
    return data.length > 0 && clientAddress[1] > 1024;
  }
}
class ConcurrentCountingServer extends ConcurrentMixIn(CountingServer) {}
class Counting extends DatagramRequestHandler<InetAddress, ConcurrentCountingServer> {
  override handle(): void {
    this.server.served += this.server.droppedPackets;
    // @ts-expect-error -- that server has no such field
    this.server.lost += 1;
  }
}

export const composed = (): number => new ConcurrentCountingServer(address, Counting).served;
