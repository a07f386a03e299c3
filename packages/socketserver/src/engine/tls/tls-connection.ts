import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SocketAddress } from '../../address/socket-address.ts';
import type { Clock } from '../clock.ts';
import { untouched } from '../connection-duplex.ts';
import type { Connection, ConnectionSink, HandedOver, PeerCredentials } from '../contract/connection.ts';
import type { NodeStream } from '../contract/node-stream.ts';
import { setNoDelay } from '../node/no-delay.ts';
import { bytesTakenFrom, descriptorOf } from '../node/stream-handle.ts';
import { UnsupportedError } from '../../errors/unsupported-error.ts';
import type { ProxyFacts } from '../../proxy-protocol/proxy-header.ts';
import type { TLSFacts } from '../../tls/tls-facts.ts';
import { readWithOnRead } from './tls-onread.ts';

/** Bytes that may be on their way, as copies, while their sender goes on: many small writes become one. */
const copiedBytes = 65_536;

/** Bytes that may be encrypted and not be with the system yet while their sender goes on. */
const encryptedBytes = 131_072;

/** The two ends of an encrypted stream, and what is known about it. */
export interface TLSStream {
  readonly socket: TLSSocket;
  /** What carries the encrypted bytes. */
  readonly carrier: NodeStream;
  readonly tls: TLSFacts;
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly proxy: ProxyFacts | undefined;
  readonly peerCredentials: PeerCredentials | undefined;
  readonly clock: Clock | undefined;
}

/**
 * A connection on a `tls.TLSSocket` whose handshake is done.
 *
 * Unlike a plain one it reads from the beginning, since the handshake does: what arrives before anybody asks, and
 * what OpenSSL had already read when its reader had enough, is held here and in Node's buffer, at most 64 KiB each.
 */
export class TLSConnection implements Connection {
  readonly takenBy = 'system';
  readonly localAddress: SocketAddress;
  readonly remoteAddress: SocketAddress;
  readonly tls: TLSFacts;
  readonly proxy: ProxyFacts | undefined;
  readonly peerCredentials: PeerCredentials | undefined;
  readonly clock: Clock | undefined;
  readonly #socket: TLSSocket;
  readonly #carrier: NodeStream;
  #sink: ConnectionSink | undefined;
  #held: Buffer[] = [];
  #endIsHeld = false;
  #isFlowing = false;
  #isClosed = false;
  #isGone = false;
  #isDetached = false;
  #awaitsDrain = false;
  /** Writes that Node has not called back for. */
  #pendingWrites = 0;
  #failure: Error | undefined;

  constructor({ socket, carrier, tls, ...facts }: TLSStream) {
    this.#socket = socket;
    this.#carrier = carrier;
    this.tls = tls;
    this.localAddress = facts.localAddress;
    this.remoteAddress = facts.remoteAddress;
    this.proxy = facts.proxy;
    this.peerCredentials = facts.peerCredentials;
    this.clock = facts.clock;
    socket.pause();
    socket.on('end', this.#ended).on('error', this.#failed).on('close', this.#gone);
  }

  get fd(): number {
    if (this.#isClosed) return -1;
    return descriptorOf(this.#carrier);
  }

  get bytesTaken(): number {
    return bytesTakenFrom(this.#carrier);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  start(sink: ConnectionSink): void {
    const isStarted = this.#sink !== undefined;
    this.#sink = sink;
    if (this.#isGone) {
      // Gone before anybody looked at it; the news must not come from within this call.
      queueMicrotask(() => sink.closed(this.#failure));
      return;
    }
    if (isStarted) return;
    const socket = this.#socket;
    const early = socket.read() as Buffer | null;
    if (early !== null) this.#held.push(early);
    if (!readWithOnRead(socket, (bytes) => this.#received(bytes))) socket.on('data', this.#read);
  }

  resume(): void {
    if (this.#isFlowing || this.#isClosed) return;
    const sink = this.#sink!;
    this.#isFlowing = true;
    while (this.#held.length > 0) {
      this.#isFlowing = sink.received(this.#held.shift()!);
      if (!this.#isFlowing) return;
    }
    if (this.#endIsHeld) {
      this.#endIsHeld = false;
      sink.ended();
    } else {
      this.#socket.resume();
    }
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    // An empty write ends a turn later only, and until then nothing is encrypted, though nothing is queued. [TLSWrap::DoWrite]
    if (this.#isClosed || socket.destroyed || bytes.length === 0) return true;
    const queued = socket.writableLength;
    // With nothing before it, it is encrypted at once, which is a copy too. [Node: TLSWrap::DoWrite]
    const isEncrypted = queued === 0 && bytes.length <= encryptedBytes;
    const isCopied = queued > 0 && queued + bytes.length <= copiedBytes;
    const isFree = isEncrypted || isCopied;
    this.#pendingWrites += 1;
    if (!isFree) this.#awaitsDrain = true;
    socket.write(isCopied ? Buffer.from(bytes) : bytes, this.#written);
    return isFree;
  }

  endWrite(): void {
    if (!this.#isClosed) this.#socket.end();
  }

  close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#socket.destroySoon();
    return false;
  }

  reset(): void {
    this.#isClosed = true;
    if (this.#socket.destroyed) return;
    // The carrier takes the TLS socket with it, and whatever that has not sent.
    if (typeof this.remoteAddress === 'string') this.#carrier.destroy();
    else this.#carrier.resetAndDestroy();
  }

  setNoDelay(on: boolean): void {
    setNoDelay(this.#socket, on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    this.#socket.setKeepAlive(on, initialDelaySeconds * 1000);
  }

  /** @throws UnsupportedError: the state of a TLS session lives in its thread. */
  handOver(): HandedOver {
    throw new UnsupportedError('Cannot hand over: a TLS connection must move before its handshake');
  }

  toSocket(unread?: Uint8Array): Socket | undefined {
    const socket = this.#socket;
    // Nothing can be put back in front of an end that was told.
    if (this.#isClosed || socket.readableEnded) return undefined;
    this.#isClosed = true;
    this.#isDetached = true;
    socket
      .off('data', this.#read)
      .off('end', this.#ended)
      .off('error', this.#failed)
      .off('close', this.#gone);
    untouched(socket);
    for (const bytes of this.#held.toReversed()) socket.unshift(bytes);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    // Its own cannot reset what is not the handle of a TCP socket. [Node: resetAndDestroy]
    return Object.assign(socket, { resetAndDestroy: () => (this.reset(), socket) });
  }

  /** Takes what OpenSSL decrypted, for whoever owns the stream now. */
  #received(bytes: Buffer): boolean {
    if (this.#isDetached) return this.#socket.push(bytes);
    if (this.#isFlowing) this.#isFlowing = this.#sink!.received(bytes);
    else this.#held.push(bytes);
    return this.#isFlowing;
  }

  readonly #read = (bytes: Buffer): void => {
    if (!this.#received(bytes)) this.#socket.pause();
  };

  readonly #ended = (): void => {
    if (this.#isFlowing) this.#sink!.ended();
    else this.#endIsHeld = true;
  };

  readonly #failed = (error: Error): void => {
    if (!this.#isClosed) this.#failure = error; // what fails after close() or reset() is of no interest
  };

  readonly #gone = (): void => {
    this.#isClosed = true;
    this.#isGone = true;
    this.#sink?.closed(this.#failure);
  };

  /**
   * Node hands the next write to OpenSSL before it calls back for the one before: so the last one that is left is encrypted by
   * now, and its memory free. Its sender need not wait until the system has taken it, where that is little.
   */
  readonly #written = (): void => {
    this.#pendingWrites -= 1;
    const socket = this.#socket;
    if (!this.#awaitsDrain || socket.destroyed) return;
    if (this.#pendingWrites > 1 || socket.writableLength > encryptedBytes) return;
    this.#awaitsDrain = false;
    this.#sink!.drained();
  };
}
