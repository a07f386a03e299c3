// What must compile, and what must not, of the test kit. `tsc` is the test.
import {
  BaseRequestHandler,
  ConcurrentTCPServer,
  ConcurrentUnixStreamServer,
  type DatagramRequest,
  type InetAddress,
  StreamRequestHandler,
  ThreadingTCPServer,
  TLSServer,
  UDPServer,
} from '../../src/index.ts';
import {
  createMemoryEngine,
  runDatagramHandler,
  runHandler,
  startServer,
  VirtualClock,
} from '../../src/testing/index.ts';

class OfStreams extends StreamRequestHandler {}

class Loadable extends StreamRequestHandler {
  static override readonly module = import.meta.url;
}

class OfDatagrams extends BaseRequestHandler<DatagramRequest> {}

class MyServer extends ConcurrentTCPServer {
  readonly mine = true;
}

const address: InetAddress = startServer(ConcurrentTCPServer, OfStreams).address;
const path: string = startServer(ConcurrentUnixStreamServer, OfStreams).address;
const mine: true = startServer(MyServer, OfStreams).server.mine;
const given: true = startServer(new MyServer(['127.0.0.1', 0], OfStreams)).server.mine;

export const good = [
  () => [address, path, mine, given],
  () => startServer(ThreadingTCPServer, Loadable, { workers: { max: 1 } }),
  () => startServer(UDPServer, OfDatagrams, { engine: createMemoryEngine({ clock: new VirtualClock() }) }),
  () => runHandler(OfStreams, ['a', Buffer.from('b')], { server: { workerData: 1 }, chunkBytes: [1, 2] }),
  () => runHandler(OfStreams, (client, clock) => clock.advance(client.bytesRead)),
  () => runDatagramHandler(OfDatagrams, 'hello', { server: { maxPacketSize: 4 } }),
];

export const bad = [
  // @ts-expect-error -- a handler of datagrams on a stream server
  () => startServer(ConcurrentTCPServer, OfDatagrams),
  // @ts-expect-error -- the class does not say which module exports it
  () => startServer(ThreadingTCPServer, OfStreams),
  // @ts-expect-error -- an unknown option
  () => startServer(ConcurrentTCPServer, OfStreams, { backlog: 5 }),
  // @ts-expect-error -- a TLS server without a certificate
  () => startServer(TLSServer, OfStreams, {}),
  // @ts-expect-error -- a handler of datagrams
  () => runHandler(OfDatagrams, 'hello'),
  // @ts-expect-error -- a handler of streams
  () => runDatagramHandler(OfStreams, 'hello'),
  // @ts-expect-error -- the engine is the memory engine
  () => runHandler(OfStreams, 'hello', { server: { engine: 'node' } }),
];
