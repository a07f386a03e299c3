import type { SocketAddress } from '../address/socket-address.ts';
import type { Connection, HandedOver } from '../engine/contract/connection.ts';

/** A connection that a worker has taken itself: here it is no more than its addresses, and can only be said to be there. */
export class DistantConnection implements Connection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly fd = -1;
  readonly bytesTaken = 0;
  readonly takenBy = 'system';
  readonly isClosed = false;

  constructor(localAddress: SocketAddress, remoteAddress: SocketAddress) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  handOver(): HandedOver {
    return { message: undefined, leaving: this };
  }

  write(): boolean {
    return true;
  }

  close(): boolean {
    return true;
  }

  toSocket(): undefined {
    return undefined;
  }

  start(): void {}
  resume(): void {}
  endWrite(): void {}
  reset(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
}
