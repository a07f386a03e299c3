import type { MessagePort } from 'node:worker_threads';
import type { SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { Connection, ConnectionSink, HandedOver } from '../contract/connection.ts';
import { type RelayedError, type RelayMessage, windowBytes } from './connection-relay.ts';

/** A connection whose socket is in another thread, where a `ConnectionRelay` serves it through a port. */
export class RelayedConnection implements Connection {
  readonly fd = -1;
  readonly takenBy = 'system';
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly #port: MessagePort;
  #sink: ConnectionSink | undefined;
  #isFlowing = false;
  #hasResumed = false;
  #isDelivering = false;
  /** What came while nobody asked for it, in order; at most a window of bytes. */
  #held: RelayMessage[] = [];
  /** Bytes that the other thread has not taken yet. */
  #unsent = 0;
  #isWaitedFor = false;
  #bytesTaken = 0;
  #isClosed = false;

  constructor(
    port: MessagePort,
    addresses: { readonly local: SocketAddress; readonly remote: SocketAddress },
  ) {
    this.#port = port;
    this.localAddress = addresses.local;
    this.remoteAddress = addresses.remote;
  }

  /** As the other thread told last; by the next time that somebody asks, it has told anew. */
  get bytesTaken(): number {
    if (!this.#isClosed) this.#post({ type: 'ask' });
    return this.#bytesTaken;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: ConnectionSink): void {
    const isStarted = this.#sink !== undefined;
    this.#sink = sink;
    if (!isStarted) this.#port.on('message', (message: RelayMessage) => this.#told(message));
  }

  resume(): void {
    if (this.#isFlowing || this.#isClosed) return;
    this.#isFlowing = true;
    if (!this.#hasResumed) this.#post({ type: 'taken', count: 0 }); // the reading begins
    this.#hasResumed = true;
    this.#deliver();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return true;
    this.#unsent += bytes.length;
    this.#post({ type: 'bytes', bytes: Uint8Array.from(bytes) });
    this.#isWaitedFor ||= this.#unsent >= windowBytes;
    return !this.#isWaitedFor;
  }

  endWrite(): void {
    if (!this.#isClosed) this.#post({ type: 'end' });
  }

  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#post({ type: 'close' });
    this.#dropHeld();
    return false;
  }

  reset(): void {
    this.#isClosed = true;
    this.#post({ type: 'reset' });
    this.#dropHeld();
  }

  /** Unix sockets have no such delay. */
  setNoDelay(): void {}

  /** Unix sockets know at once when their peer is gone. */
  setKeepAlive(): void {}

  handOver(): HandedOver {
    throw new UnsupportedError('Cannot hand over: the connection was handed over already');
  }

  /** The socket itself stays in the other thread. */
  toSocket(): undefined {
    return undefined;
  }

  #told(message: RelayMessage): void {
    if (message.type === 'taken') {
      this.#taken(message.count);
    } else if (message.type === 'told') {
      this.#bytesTaken = message.bytesTaken;
    } else if (message.type === 'closed' && (message.error !== undefined || this.#isClosed)) {
      this.#held = []; // what the peer said before is lost, as it is with a socket
      // What failed over there meanwhile is of no interest to who has ended it here.
      this.#closed(this.#isClosed ? undefined : message.error);
    } else {
      this.#held.push(message);
      this.#deliver();
    }
  }

  #taken(count: number): void {
    this.#unsent -= count;
    if (!this.#isWaitedFor || this.#unsent >= windowBytes) return;
    this.#isWaitedFor = false;
    if (!this.#isClosed) this.#sink!.drained();
  }

  /** Brings what is held, in order, as far as it is asked for. */
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (next.type === 'bytes') {
        if (!this.#isFlowing && !this.#isClosed) break;
        this.#held.shift();
        this.#received(next.bytes);
      } else {
        this.#held.shift();
        if (next.type === 'end' && !this.#isClosed) this.#sink!.ended();
        if (next.type === 'closed') this.#closed(next.error);
      }
    }
    this.#isDelivering = false;
  }

  /** Nobody reads what is held any more; where its close waits behind it, that is told. */
  #dropHeld(): void {
    const wasClosed = this.#held.some(({ type }) => type === 'closed');
    this.#held = [];
    if (wasClosed) queueMicrotask(() => this.#closed(undefined));
  }

  #received(bytes: Uint8Array): void {
    this.#post({ type: 'taken', count: bytes.length });
    if (!this.#isClosed) this.#isFlowing = this.#sink!.received(Buffer.from(bytes.buffer));
  }

  #closed(error: RelayedError | undefined): void {
    this.#isClosed = true;
    this.#port.close();
    this.#sink!.closed(error && revive(error));
  }

  #post(message: RelayMessage): void {
    this.#port.postMessage(message);
  }
}

function revive({ message, fields }: RelayedError): Error {
  return Object.assign(new Error(message), fields);
}
