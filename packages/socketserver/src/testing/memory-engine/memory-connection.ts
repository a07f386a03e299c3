import type { SocketAddress } from '../../address/socket-address.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Connection, ConnectionSink, HandedOver } from '../../engine/contract/connection.ts';
import { errnoOf, osError } from '../../engine/os-error.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { MemoryNetwork } from './memory-network.ts';
import { MemoryPipe } from './memory-pipe.ts';

/** What one end knows of the other. */
interface PeerEnd {
  isClosed(): boolean;
  wasReset(): void;
}

/** One end of a connection in memory. It behaves as TCP does towards half-close, reset and unread bytes. */
export class MemoryConnection implements Connection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly fd = -1;
  readonly takenBy = 'peer';
  readonly #network: MemoryNetwork;
  readonly #outgoing: MemoryPipe;
  #incoming!: MemoryPipe;
  #peer!: PeerEnd;
  #sink: ConnectionSink | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #failure: Error | undefined;
  #endedWriting = false;
  #unaccepted = false;

  private constructor(localAddress: SocketAddress, remoteAddress: SocketAddress, network: MemoryNetwork) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    this.#network = network;
    this.#outgoing = new MemoryPipe(network);
  }

  /** Makes both ends. */
  static pair(
    client: SocketAddress,
    server: SocketAddress,
    network: MemoryNetwork,
  ): [client: MemoryConnection, server: MemoryConnection] {
    const near = new MemoryConnection(client, server, network);
    const far = new MemoryConnection(server, client, network);
    near.#join(far);
    far.#join(near);
    return [near, far];
  }

  get clock(): Clock | undefined {
    return this.#network.clock;
  }

  get bytesTaken(): number {
    return this.#outgoing.delivered;
  }

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
    if (this.#state === 'closed') queueMicrotask(() => sink.closed(this.#failure));
  }

  resume(): void {
    if (this.#state === 'open') this.#incoming.resume();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== 'open' || bytes.length === 0) return true;
    if (this.#peer.isClosed()) {
      // The peer's process has closed its socket: it answers with a reset. [RFC 9293 3.5.2]
      this.#over(osError(errnoOf('EPIPE'), 'write'));
      return true;
    }
    const accepted = this.#outgoing.write(bytes);
    this.#unaccepted = !accepted;
    return accepted;
  }

  endWrite(): void {
    if (this.#state !== 'open' || this.#endedWriting) return;
    this.#endedWriting = true;
    this.#outgoing.end();
  }

  close(): boolean {
    if (this.#state !== 'open') return false;
    const losesBytes = this.#incoming.hasUnread;
    this.#state = 'closing';
    if (losesBytes) {
      this.reset(); // [RFC 2525 2.17]
      return true;
    }
    if (!this.#endedWriting) this.#outgoing.end();
    if (!this.#unaccepted) this.#network.later(() => this.#over(undefined));
    return !this.#unaccepted;
  }

  reset(): void {
    if (this.#state === 'closed') return;
    this.#outgoing.cut();
    this.#incoming.cut();
    this.#state = 'closing';
    this.#network.later(() => {
      this.#over(undefined);
      this.#peer.wasReset();
    });
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  handOver(): HandedOver {
    throw new UnsupportedError('Cannot hand over: connections in memory stay in their thread');
  }

  toSocket(): undefined {
    return undefined;
  }

  #join(peer: MemoryConnection): void {
    this.#peer = {
      isClosed: () => peer.isClosed,
      // Who has closed it already is told of no failure.
      wasReset: () => peer.#over(peer.isClosed ? undefined : osError(errnoOf('ECONNRESET'), 'read')),
    };
    this.#incoming = peer.#outgoing;
    peer.#outgoing.attach({
      received: (bytes) => (this.#sink === undefined ? false : this.#sink.received(bytes)),
      ended: () => this.#sink?.ended(),
      drained: () => peer.#drained(),
    });
  }

  #drained(): void {
    this.#unaccepted = false;
    if (this.#state === 'closing') this.#over(undefined);
    else this.#sink?.drained();
  }

  #over(failure: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#failure = failure;
    this.#sink?.closed(failure);
  }
}
