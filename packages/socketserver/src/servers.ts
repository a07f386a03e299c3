import { ConcurrentMixIn } from './mixins/concurrent-mixin.ts';
import { TCPServer } from './transports/tcp-server.ts';

/** A TCP server whose handlers run interleaved on the event loop. */
export class ConcurrentTCPServer extends ConcurrentMixIn(TCPServer) {}
