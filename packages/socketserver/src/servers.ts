import { ConcurrentMixIn } from './mixins/concurrent-mixin.ts';
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
