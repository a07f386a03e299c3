import type { Socket } from 'node:net';
import { inetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { Connection, ConnectionSink, HandedOver } from '../contract/connection.ts';
import { untouched } from '../connection-duplex.ts';
import { gatherBuffer, type Gatherer } from './gather-buffer.ts';
import { handOverBySocket } from './hand-over.ts';
import { setNoDelay } from './no-delay.ts';
import { bytesTakenFrom, descriptorOf } from './stream-handle.ts';

/** A connection on a `net.Socket`, by documented calls alone: for where Node shows no handle to stand on. */
export class NodeConnection implements Connection, Gatherer {
  readonly remoteAddress: SocketAddress;
  readonly #socket: Socket;
  #sink: ConnectionSink | undefined;
  #isFlowing = false;
  #isClosed = false;
  #awaitsDrain = false;
  #failure: Error | undefined;
  #stopListening: (() => void) | undefined;
  #localAddress: SocketAddress | undefined;

  /**
   * @param socket - connected, unread and paused, with `allowHalfOpen`.
   * @param localAddress - where the caller knows it; else it is asked for when needed.
   */
  constructor(socket: Socket, remoteAddress: SocketAddress, localAddress?: SocketAddress) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.#localAddress = localAddress;
    socket.on('error', ignoreUntilStarted);
  }

  get localAddress(): SocketAddress {
    if (this.#localAddress === undefined) {
      const { localAddress = '', localPort = 0 } = this.#socket;
      this.#localAddress = inetAddress(localAddress, localPort);
    }
    return this.#localAddress;
  }

  get fd(): number {
    if (this.#isClosed) return -1;
    return descriptorOf(this.#socket);
  }

  readonly takenBy = 'system';

  get bytesTaken(): number {
    return bytesTakenFrom(this.#socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: ConnectionSink): void {
    const isStarted = this.#sink !== undefined;
    this.#sink = sink;
    const socket = this.#socket;
    if (isStarted) {
      if (socket.closed) queueMicrotask(() => sink.closed(this.#failure));
    } else if (socket.destroyed) {
      // Gone before anybody looked at it; the news must not come from within this call.
      this.#isClosed = true;
      const error = socket.errored ?? undefined;
      queueMicrotask(() => sink.closed(error));
    } else {
      this.#readByEvents(socket);
    }
  }

  resume(): void {
    if (this.#isFlowing || this.#isClosed) return;
    this.#isFlowing = true;
    this.#socket.resume();
  }

  write(bytes: Uint8Array, more = false): boolean {
    const socket = this.#socket;
    if (this.#isClosed || socket.destroyed) return true;
    if (more || gatherBuffer.holds(this)) {
      const isGathered = gatherBuffer.add(this, bytes);
      if (isGathered && !more) gatherBuffer.flush();
      // The copy is ours, but a peer that does not read makes its writer wait all the same.
      if (isGathered) return !this.#awaitsDrain;
    }
    return this.sendGathered(bytes);
  }

  sendGathered(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket.destroyed) return true;
    socket.write(bytes);
    if (socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.#awaitDrain(socket);
    }
    return false;
  }

  endWrite(): void {
    if (this.#isClosed) return;
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    this.#socket.end();
  }

  close(): boolean {
    if (this.#isClosed) return false;
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    const socket = this.#socket;
    this.#isClosed = true;
    const isSent = socket.writableLength === 0;
    if (isSent) socket.destroy();
    else socket.destroySoon();
    return isSent;
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
    setNoDelay(this.#socket, on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    this.#socket.setKeepAlive(on, initialDelaySeconds * 1000);
  }

  handOver(target: 'thread' | 'process'): HandedOver {
    const isStarted = this.#sink !== undefined;
    if (isStarted && target === 'process') {
      throw new UnsupportedError(
        'Cannot hand over: without socket handles a connection that was read from cannot move to a process; install' +
          ' @socketserver/native, whose engine moves it',
      );
    }
    return handOverBySocket(this, { target, isStarted });
  }

  toSocket(unread?: Uint8Array): Socket | undefined {
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    const socket = this.#sink === undefined ? this.#socket : this.#leave();
    if (socket === undefined) return undefined;
    this.#isClosed = true;
    socket.off('error', ignoreUntilStarted);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return socket;
  }

  #listen(socket: Socket): void {
    socket.on('end', () => this.#sink!.ended());
    socket.on('error', (error) => {
      if (!this.#isClosed) this.#failure = error; // what fails after close() or reset() is of no interest
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#sink!.closed(this.#failure);
    });
  }

  #readByEvents(socket: Socket): void {
    const own = new Set(socket.eventNames().flatMap((name) => socket.listeners(name)));
    socket.off('error', ignoreUntilStarted);
    this.#listen(socket);
    socket.on('data', (bytes) => {
      if (!this.#received(bytes)) socket.pause();
    });
    socket.pause();
    this.#stopListening = () => {
      for (const name of socket.eventNames()) {
        for (const listener of socket.listeners(name)) {
          if (!own.has(listener)) socket.off(name, listener as () => void);
        }
      }
    };
  }

  /** Gives up a socket that was read from. */
  #leave(): Socket | undefined {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableLength > 0) return undefined; // what waits to be sent would stay behind
    if (socket.readableEnded) return undefined; // nothing can be put back in front of an end that was told
    this.#stopListening?.();
    return untouched(socket);
  }

  #received(bytes: Buffer): boolean {
    const goOn = this.#sink!.received(bytes);
    this.#isFlowing = goOn;
    return goOn;
  }

  /** An empty write is completed after all before it: a 'drain' event would come at the high-water mark only. */
  #awaitDrain(socket: Socket): void {
    const written = (): void => {
      if (socket.destroyed) return;
      if (socket.writableLength > 0) {
        this.#awaitDrain(socket);
        return;
      }
      this.#awaitsDrain = false;
      this.#sink?.drained();
    };
    // After end() nothing may be written: 'finish' says the same then.
    if (socket.writableEnded) socket.once('finish', written);
    else socket.write('', written);
  }
}

/** A reset between accept and the first use: the owner learns of it from `destroyed` when it starts. */
function ignoreUntilStarted(): void {}
