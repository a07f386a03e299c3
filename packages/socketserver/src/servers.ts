import { ConcurrentMixIn } from './mixins/concurrent-mixin.ts';
import { ForkingMixIn } from './mixins/forking-mixin.ts';
import { ThreadingMixIn } from './mixins/threading-mixin.ts';
import { TCPServer } from './transports/tcp-server.ts';
import { UDPServer } from './transports/udp-server.ts';
import { UnixStreamServer } from './transports/unix-stream-server.ts';
import { UnixDatagramServer } from './transports/unix-datagram-server.ts';
import { TLSServer } from './transports/tls-server.ts';

/** A TCP server whose handlers run interleaved on the event loop. */
export class ConcurrentTCPServer extends ConcurrentMixIn(TCPServer) {}

/** A server on a Unix stream socket whose handlers run interleaved on the event loop. */
export class ConcurrentUnixStreamServer extends ConcurrentMixIn(UnixStreamServer) {}

/** A TLS server whose handlers run interleaved on the event loop. */
export class ConcurrentTLSServer extends ConcurrentMixIn(TLSServer) {}

/** A UDP server whose handlers run interleaved on the event loop, at most `limits.maxPending` at once. */
export class ConcurrentUDPServer extends ConcurrentMixIn(UDPServer) {}

/** As {@link ConcurrentUDPServer}, for datagrams on a Unix socket. */
export class ConcurrentUnixDatagramServer extends ConcurrentMixIn(UnixDatagramServer) {}

/** A TCP server whose handlers run in worker threads. */
export class ThreadingTCPServer extends ThreadingMixIn(TCPServer) {}

/** A TCP server whose handlers run in child processes. */
export class ForkingTCPServer extends ForkingMixIn(TCPServer) {}

/** A TLS server whose handshakes and handlers run in worker threads. */
export class ThreadingTLSServer extends ThreadingMixIn(TLSServer) {}

/** A TLS server whose handshakes and handlers run in child processes. */
export class ForkingTLSServer extends ForkingMixIn(TLSServer) {}

/** A Unix stream server whose handlers run in worker threads. */
export class ThreadingUnixStreamServer extends ThreadingMixIn(UnixStreamServer) {}

/** A Unix stream server whose handlers run in child processes. */
export class ForkingUnixStreamServer extends ForkingMixIn(UnixStreamServer) {}

/**
 * A UDP server whose handlers run in worker threads; their answers leave from the server's address. With
 * `allowReusePort` each thread also receives, on a socket of its own; hooks that those datagrams would pass by, such as
 * `verifyRequest`, cannot be overridden then.
 */
export class ThreadingUDPServer extends ThreadingMixIn(UDPServer) {}

/** As {@link ThreadingUDPServer}, with handlers in child processes. */
export class ForkingUDPServer extends ForkingMixIn(UDPServer) {}

/** As {@link ThreadingUDPServer}, for datagrams on a Unix socket. */
export class ThreadingUnixDatagramServer extends ThreadingMixIn(UnixDatagramServer) {}

/** As {@link ForkingUDPServer}, for datagrams on a Unix socket. */
export class ForkingUnixDatagramServer extends ForkingMixIn(UnixDatagramServer) {}
