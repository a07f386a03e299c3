// What must compile, and what must not, for servers whose handlers run in workers. `tsc` is the test.
import {
  BaseRequestHandler,
  type DatagramRequest,
  ForkingMixIn,
  ForkingTCPServer,
  ForkingUDPServer,
  StreamRequestHandler,
  TCPServer,
  ThreadingMixIn,
  ThreadingTCPServer,
  ThreadingTLSServer,
  ThreadingUDPServer,
} from '../../src/index.ts';

class Loadable extends StreamRequestHandler {
  static override readonly module = import.meta.url;
}

class Unloadable extends StreamRequestHandler {}

class OfDatagrams extends BaseRequestHandler<DatagramRequest> {
  static override readonly module = import.meta.url;
}

export const good = [
  () => new ThreadingTCPServer(['127.0.0.1', 0], Loadable),
  () =>
    new ThreadingTCPServer('127.0.0.1:0', Loadable, { workers: { min: 2 }, daemonThreads: true, timeout: 1 }),
  () =>
    new ForkingTCPServer(['127.0.0.1', 0], Loadable, {
      workers: { max: 2 },
      maxChildren: 3,
      blockOnClose: false,
    }),
  () => new ForkingUDPServer(['127.0.0.1', 0], OfDatagrams, { maxPacketSize: 10 }),
  () => new ThreadingTLSServer(['127.0.0.1', 0], Loadable, { tls: { cert: '', key: '' }, workers: {} }),
  () => new TCPServer(['127.0.0.1', 0], Unloadable),
];

export const bad = [
  // @ts-expect-error -- the class does not say which module exports it
  () => new ThreadingTCPServer(['127.0.0.1', 0], Unloadable),
  // @ts-expect-error -- nor here
  () => new ForkingTCPServer(['127.0.0.1', 0], Unloadable),
  // @ts-expect-error -- a handler of datagrams on a stream server
  () => new ThreadingTCPServer(['127.0.0.1', 0], OfDatagrams),
  // @ts-expect-error -- a handler of streams on a datagram server
  () => new ThreadingUDPServer(['127.0.0.1', 0], Loadable),
  // @ts-expect-error -- the children are those of forking servers
  () => new ThreadingTCPServer(['127.0.0.1', 0], Loadable, { maxChildren: 3 }),
  // @ts-expect-error -- the threads are those of threading servers
  () => new ForkingTCPServer(['127.0.0.1', 0], Loadable, { daemonThreads: true }),
  // @ts-expect-error -- a server without workers has no such options
  () => new TCPServer(['127.0.0.1', 0], Loadable, { workers: {} }),
  // @ts-expect-error -- a TLS server needs its certificate
  () => new ThreadingTLSServer(['127.0.0.1', 0], Loadable, { workers: {} }),
];

/** Mixins keep what a class of the user's own has. */
class Greeting extends TCPServer {
  static readonly greeting = 'hello';
  greet(): string {
    return Greeting.greeting;
  }
}

export class ThreadingGreeting extends ThreadingMixIn(Greeting) {
  static override readonly daemonThreads = true;
  protected override get maxActiveRequests(): number {
    return 3;
  }
}

export class ForkingGreeting extends ForkingMixIn(Greeting) {
  static override readonly maxChildren = 3;
  override serviceActions(): void {
    this.collectChildren();
  }
}

export const greetings: readonly string[] = [
  ThreadingGreeting.greeting,
  new ThreadingGreeting(['127.0.0.1', 0], Loadable).greet(),
  new ForkingGreeting(['127.0.0.1', 0], Loadable).greet(),
];
