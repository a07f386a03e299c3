import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SocketAddress } from '../address/socket-address.ts';
import type { Connection, ConnectionSink, HandedOver } from '../engine/contract.ts';
import { UnsupportedError } from '../errors.ts';
import type { TLSFacts } from '../tls/tls-facts.ts';

/** Bytes that one write may leave in OpenSSL's buffer while its sender already goes on. */
const copiedBytes = 65_536;

/** The two ends of an encrypted stream, and what is known about it. */
export interface TLSStream {
  readonly socket: TLSSocket;
  /** What carries the encrypted bytes. */
  readonly carrier: Socket;
  readonly tls: TLSFacts;
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
}

/** A connection on a `tls.TLSSocket` whose handshake is done. */
export class TLSConnection implements Connection {
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly tls: TLSFacts;
  readonly #socket: TLSSocket;
  readonly #carrier: Socket;
  #sink: ConnectionSink | undefined;
  #isFlowing = false;
  #isClosed = false;
  #awaitsDrain = false;
  #failure: Error | undefined;

  constructor({ socket, carrier, tls, localAddress, remoteAddress }: TLSStream) {
    this.#socket = socket;
    this.#carrier = carrier;
    this.tls = tls;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
    socket.pause();
    socket.on('error', this.#failed);
  }

  get fd(): number {
    if (this.#isClosed) return -1;
    return (this.#carrier as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
    const socket = this.#socket;
    if (socket.destroyed) {
      // Gone before anybody looked at it; the news must not come from within this call.
      this.#isClosed = true;
      queueMicrotask(() => sink.closed(this.#failure));
      return;
    }
    socket.on('data', this.#received);
    socket.on('end', this.#ended);
    socket.on('close', this.#closed);
  }

  resume(): void {
    if (this.#isFlowing || this.#isClosed) return;
    this.#isFlowing = true;
    this.#socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#isClosed || socket.destroyed) return true;
    if (socket.writableLength === 0 && bytes.length <= copiedBytes) {
      // With nothing before it, it is encrypted at once, which is a copy. [Node: TLSWrap::DoWrite]
      socket.write(bytes);
      return true;
    }
    this.#awaitsDrain = true;
    socket.write(bytes, this.#written);
    return false;
  }

  endWrite(): void {
    if (!this.#isClosed) this.#socket.end();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroySoon();
  }

  reset(): void {
    this.#isClosed = true;
    if (this.#socket.destroyed) return;
    // The carrier takes the TLS socket with it, and what that has not sent.
    if (typeof this.remoteAddress === 'string') this.#carrier.destroy();
    else this.#carrier.resetAndDestroy();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    this.#socket.setKeepAlive(on, initialDelaySeconds * 1000);
  }

  handOver(): HandedOver {
    throw new UnsupportedError(
      'Cannot hand over: a TLS session cannot leave its thread; hand the connection over before its handshake',
    );
  }

  toSocket(unread?: Uint8Array): Socket {
    const socket = this.#socket;
    this.#isClosed = true;
    socket.pause();
    socket
      .off('error', this.#failed)
      .off('data', this.#received)
      .off('end', this.#ended)
      .off('close', this.#closed);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return socket;
  }

  readonly #received = (bytes: Buffer): void => {
    if (this.#sink!.received(bytes)) return;
    this.#isFlowing = false;
    this.#socket.pause();
  };

  readonly #ended = (): void => {
    this.#sink!.ended();
  };

  /** Kept for `start()`, when it comes before that. */
  readonly #failed = (error: Error): void => {
    this.#failure = error;
  };

  readonly #closed = (): void => {
    this.#isClosed = true;
    this.#sink!.closed(this.#failure);
  };

  readonly #written = (): void => {
    const socket = this.#socket;
    if (!this.#awaitsDrain || socket.destroyed || socket.writableLength > 0) return;
    this.#awaitsDrain = false;
    this.#sink!.drained();
  };
}
