import type { Socket } from 'node:net';
import { isInetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { ConnectionClosedError } from '../../errors/connection-errors.ts';
import type { Connection, ConnectionSink, HandedOver } from '../contract/connection.ts';
import { osError } from '../os-error.ts';
import { gatherBuffer, type Gatherer } from './gather-buffer.ts';
import { handOverBySocket } from './hand-over.ts';
import { bytesRead, createReadBuffer, ownBufferAfter, sharedBuffer } from './read-buffer.ts';
import { canMove, ownAddress, plainSocket, socketWithOnRead } from './stream-handle.ts';
import { isWaiting, shutDown, type Writer, writeTo } from './stream-requests.ts';
import { type StreamHandle, streamWrap } from './stream-wrap.ts';

/** The end of the peer's side, as libuv says it. */
const UV_EOF = -4095;

/**
 * - `open`;
 * - `resetting`: once libuv has ended our side;
 * - `closing`: by close() or reset(), or because it failed: what was written may still go out;
 * - `closed`: the descriptor is free;
 * - `left`: the handle is somebody else's.
 */
type State = 'open' | 'resetting' | 'closing' | 'closed' | 'left';

/**
 * The end of our side: `wanted` waits for writes, and only then is it `ending`, in libuv's hands, which gives up the
 * reset for it.
 */
type WriteEnd = 'open' | 'wanted' | 'ending' | 'ended';

/** A handle knows its connection, so that all of them share one callback. */
const owner = Symbol('connection');

type OwnedHandle = StreamHandle & { [owner]?: HandleConnection | undefined };

/**
 * A connection on libuv's stream, with no `net.Socket` in between: that would keep two queues, a record and several
 * callbacks for every message, and three objects of its own for as long as the connection lives.
 */
export class HandleConnection implements Connection, Gatherer, Writer {
  readonly remoteAddress: SocketAddress;
  readonly takenBy = 'system';
  readonly #handle: OwnedHandle;
  #sink: ConnectionSink | undefined;
  #state: State = 'open';
  #isFlowing = false;
  #hasEnded = false;
  #writeEnd: WriteEnd = 'open';
  /** Writes that wait for the kernel. */
  #writes = 0;
  /** What is read into where not into the buffer that all share: see `read-buffer.ts`. */
  #ownBuffer: Buffer | undefined;
  #failure: Error | undefined;
  #localAddress: SocketAddress | undefined;

  /**
   * @param handle - connected, unread, and nobody else's.
   * @param localAddress - where the caller knows it; else it is asked for when needed.
   */
  constructor(handle: StreamHandle, remoteAddress: SocketAddress, localAddress?: SocketAddress) {
    this.#handle = handle;
    this.remoteAddress = remoteAddress;
    this.#localAddress = localAddress;
  }

  get localAddress(): SocketAddress {
    this.#localAddress ??= ownAddress(this.#handle);
    return this.#localAddress;
  }

  get fd(): number {
    return this.#state === 'open' ? (this.#handle.fd ?? -1) : -1;
  }

  get bytesTaken(): number {
    const { bytesWritten: begun = 0, writeQueueSize: left = 0 } = this.#handle;
    return begun - left;
  }

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  start(sink: ConnectionSink): void {
    const isStarted = this.#sink !== undefined;
    this.#sink = sink;
    if (this.#state === 'closed') {
      queueMicrotask(() => sink.closed(this.#failure));
    } else if (!isStarted) {
      this.#handle[owner] = this;
      this.#handle.useUserBuffer(sharedBuffer());
      this.#handle.onread = onRead;
    }
  }

  resume(): void {
    if (this.#isFlowing || this.#hasEnded || this.#state !== 'open') return;
    this.#isFlowing = true;
    const status = this.#handle.readStart();
    if (status < 0) queueMicrotask(() => this.#fail(status, 'read'));
  }

  write(bytes: Uint8Array, more = false): boolean {
    if (this.#state !== 'open') return true;
    if (more || gatherBuffer.holds(this)) {
      const isGathered = gatherBuffer.add(this, bytes);
      if (isGathered && !more) gatherBuffer.flush();
      // The copy is ours, but a peer that does not read makes its writer wait all the same.
      if (isGathered) return this.#writes === 0;
    }
    return this.sendGathered(bytes);
  }

  sendGathered(bytes: Uint8Array): boolean {
    if (this.#state !== 'open' || bytes.length === 0) return true;
    const status = writeTo(this.#handle, bytes, this);
    if (status === 0) return true;
    if (status === isWaiting) this.#writes += 1;
    else this.#fail(status, 'write'); // whoever waits learns of it when the connection is closed
    return false;
  }

  endWrite(): void {
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    if (this.#state !== 'open' || this.#writeEnd !== 'open') return;
    this.#writeEnd = 'wanted';
    if (this.#writes === 0) this.#shutDown();
  }

  close(): boolean {
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    if (this.#state !== 'open') return false;
    this.#state = 'closing';
    if (this.#writes > 0) return false;
    this.#closeHandle();
    return true;
  }

  reset(): void {
    if (this.#state !== 'open' && this.#state !== 'closing') return;
    // Only TCP knows a reset, and libuv none while it ends our side, which takes it a turn. [uv_tcp_close_reset]
    if (this.#handle.reset !== undefined && this.#writeEnd === 'ending') {
      this.#state = 'resetting';
      this.#stopReading();
    } else {
      this.#resetHandle();
    }
  }

  setNoDelay(on: boolean): void {
    if (this.#state === 'open') this.#handle.setNoDelay?.(on);
  }

  setKeepAlive(on: boolean, initialDelaySeconds: number): void {
    if (this.#state === 'open') this.#handle.setKeepAlive?.(on, initialDelaySeconds);
  }

  handOver(target: 'thread' | 'process'): HandedOver {
    const isStarted = this.#sink !== undefined;
    const { remoteAddress } = this;
    if (target === 'thread' && !isStarted && isInetAddress(remoteAddress) && canMove(this.#handle)) {
      const handle = this.#leave();
      if (handle === undefined) throw new ConnectionClosedError('Cannot hand over: the connection is closed');
      return { message: { handle, remoteAddress }, transfer: [handle] };
    }
    return handOverBySocket(this, { target, isStarted });
  }

  toSocket(unread?: Uint8Array): Socket | undefined {
    const handle = this.#leave();
    if (handle === undefined) return undefined;
    const socket = this.#sink === undefined ? plainSocket(handle) : readingSocket(handle);
    if (unread !== undefined && unread.length > 0) socket.unshift(unread);
    return socket;
  }

  /** Gives the handle away, where nothing of ours is under way on it. */
  #leave(): StreamHandle | undefined {
    if (gatherBuffer.holds(this)) gatherBuffer.flush();
    if (this.#state !== 'open' || this.#writes > 0 || this.#writeEnd === 'ending') return undefined;
    this.#state = 'left';
    this.#handle[owner] = undefined;
    this.#handle.readStop();
    return this.#handle;
  }

  /** Something was read into the buffer; or nothing, or the peer's end, or an error. @returns another buffer. */
  onRead(length: number): Buffer | undefined {
    if (length > 0) return this.#received(length);
    if (length === UV_EOF) this.#ended();
    else if (length < 0) this.#fail(length, 'read');
    return undefined;
  }

  /** A write that had to wait has ended. */
  onWritten(status: number): void {
    this.#writes -= 1;
    if (status < 0) this.#fail(status, 'write');
    if (this.#writes > 0) return;
    if (this.#state === 'closing') this.#closeHandle();
    if (this.#state === 'open') this.#sink?.drained();
    if (this.#state === 'open' && this.#writeEnd === 'wanted') this.#shutDown();
  }

  #received(length: number): Buffer | undefined {
    const own = this.#ownBuffer;
    const bytes = bytesRead(own, length);
    this.#ownBuffer = ownBufferAfter(length);
    const next = this.#ownBuffer ?? (own && sharedBuffer());
    if (!this.#sink!.received(bytes) && this.#isFlowing) this.#stopReading();
    return next;
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#isFlowing = false;
    this.#sink!.ended();
    this.#closeWhenBothEnded();
  }

  #shutDown(): void {
    this.#writeEnd = 'ending';
    shutDown(this.#handle, () => this.#writeEnded());
  }

  #writeEnded(): void {
    this.#writeEnd = 'ended';
    if (this.#state === 'resetting') this.#resetHandle();
    else this.#closeWhenBothEnded();
  }

  #closeWhenBothEnded(): void {
    if (!this.#hasEnded || this.#writeEnd !== 'ended' || this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closeHandle();
  }

  /** What fails after close() or reset() is of no interest. */
  #fail(errno: number, syscall: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#failure = osError(errno, syscall);
    this.#closeHandle();
  }

  #stopReading(): void {
    this.#isFlowing = false;
    this.#handle.readStop();
  }

  #resetHandle(): void {
    this.#state = 'closing';
    if (this.#handle.reset?.(() => this.#over()) !== 0) this.#closeHandle();
  }

  /** Calling it again does nothing. [Node: HandleWrap::Close] */
  #closeHandle(): void {
    this.#handle.close(() => this.#over());
  }

  #over(): void {
    this.#state = 'closed';
    this.#handle[owner] = undefined;
    this.#sink?.closed(this.#failure);
  }
}

function onRead(this: OwnedHandle): Buffer | undefined {
  const { streamBaseState, kReadBytesOrError } = streamWrap()!;
  return this[owner]?.onRead(streamBaseState[kReadBytesOrError]!);
}

/** A handle that has read into our memory never reads otherwise again. [Node: useUserBuffer] */
function readingSocket(handle: StreamHandle): Socket {
  const onread = createReadBuffer((bytes) => socket.push(bytes));
  const socket = socketWithOnRead(handle, onread);
  return socket;
}
