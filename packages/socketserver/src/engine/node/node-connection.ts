import type { Socket } from 'node:net';
import { inetAddress, type SocketAddress } from '../../address/socket-address.ts';
import type { Connection, ConnectionSink, HandedOver } from '../contract.ts';
import { rewrapWithOnRead, unwrapFromOnRead } from './onread-feature.ts';
import { createReadBuffer } from './read-buffer.ts';

/**
 * A connection on a `net.Socket` (or a `tls.TLSSocket`, which reads by `'data'` events).
 *
 * The accepted socket stays untouched and paused until {@link start}, so that it can still move to a worker.
 */
export class NodeConnection implements Connection {
  readonly remoteAddress: SocketAddress;
  #socket: Socket;
  #sink: ConnectionSink | undefined;
  #isFlowing = false;
  #isClosed = false;
  #awaitsDrain = false;
  #localAddress: SocketAddress | undefined;

  /**
   * @param socket - connected, paused, with `allowHalfOpen`.
   * @param localAddress - where the caller knows it; else it is asked for when needed.
   */
  constructor(socket: Socket, remoteAddress: SocketAddress, localAddress?: SocketAddress) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.#localAddress = localAddress;
    socket.on('error', ignoreUntilStarted);
  }

  get localAddress(): SocketAddress {
    this.#localAddress ??= inetAddress(this.#socket.localAddress ?? '', this.#socket.localPort ?? 0);
    return this.#localAddress;
  }

  get fd(): number {
    if (this.#isClosed) return -1;
    return (this.#socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
    const accepted = this.#socket;
    accepted.off('error', ignoreUntilStarted);
    if (accepted.destroyed) {
      // Gone before anybody looked at it; the news must not come from within this call.
      this.#isClosed = true;
      const error = accepted.errored ?? undefined;
      queueMicrotask(() => sink.closed(error));
      return;
    }
    const onread = createReadBuffer((bytes) => this.#received(bytes));
    const rewrapped = 'encrypted' in accepted ? undefined : rewrapWithOnRead(accepted, onread);
    this.#socket = rewrapped ?? accepted;
    const socket = this.#socket;
    if (rewrapped === undefined) {
      socket.on('data', (bytes) => {
        if (!this.#received(bytes)) socket.pause();
      });
      socket.pause();
    }
    let failure: Error | undefined;
    socket.on('end', () => sink.ended());
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('close', () => {
      this.#isClosed = true;
      sink.closed(failure);
    });
  }

  resume(): void {
    if (this.#isFlowing || this.#isClosed) return;
    this.#isFlowing = true;
    this.#socket.resume();
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#isClosed || socket.destroyed) return true;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.#awaitDrain();
    }
    return false;
  }

  endWrite(): void {
    if (!this.#isClosed) this.#socket.end();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const socket = this.#socket;
    if (socket.writableLength === 0 && !('encrypted' in socket)) socket.destroy();
    else socket.destroySoon();
  }

  reset(): void {
    const socket = this.#socket;
    this.#isClosed = true;
    if (socket.destroyed) return;
    // Only TCP knows a reset; the end of a Unix socket is the same for the peer either way. [Node: resetAndDestroy]
    if (typeof this.remoteAddress === 'string') socket.destroy();
    else socket.resetAndDestroy();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    this.#socket.setKeepAlive(on, initialDelaySeconds * 1000);
  }

  handOver(target: 'thread' | 'process'): HandedOver {
    const socket = this.#socket;
    socket.off('error', ignoreUntilStarted);
    this.#isClosed = true;
    const message = { remoteAddress: this.remoteAddress };
    if (target === 'process') return { message, handle: socket };
    return { message: { ...message, socket }, transfer: [socket] };
  }

  toSocket(unread?: Uint8Array): Socket {
    this.#isClosed = true;
    this.#socket.off('error', ignoreUntilStarted);
    // Once started the socket reads for us; its handle goes on in a fresh one.
    const socket = this.#sink === undefined ? this.#socket : unwrapFromOnRead(this.#socket);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return socket;
  }

  #received(bytes: Buffer): boolean {
    const goOn = this.#sink!.received(bytes);
    this.#isFlowing = goOn;
    return goOn;
  }

  /** An empty write is completed after all before it: a 'drain' event would come at the high-water mark only. */
  #awaitDrain(): void {
    this.#socket.write('', (error) => {
      if (error != null || this.#socket.destroyed) return;
      if (this.#socket.writableLength > 0) {
        this.#awaitDrain();
        return;
      }
      this.#awaitsDrain = false;
      this.#sink!.drained();
    });
  }
}

/** A reset between accept and the first use: the owner learns of it from `destroyed` when it starts. */
function ignoreUntilStarted(): void {}
