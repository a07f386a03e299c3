import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { inetAddress, isInetAddress, type SocketAddress } from '../../address/socket-address.ts';
import { ConnectionClosedError } from '../../errors/connection-errors.ts';
import type { Connection, ConnectionSink, HandedOver } from '../contract/connection.ts';
import { gatherBuffer, type Gatherer } from './gather-buffer.ts';
import { handOverBySocket } from './hand-over.ts';
import { bytesRead, createReadBuffer, ownBufferAfter, sharedBuffer } from './read-buffer.ts';
import { canMove, plainSocket, socketWithOnRead } from './stream-handle.ts';
import { type StreamHandle, type StreamRequest, type StreamWrap, streamWrap } from './stream-wrap.ts';

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

/** A write that waits for the kernel knows it too. */
interface OwnedRequest extends StreamRequest {
  owner?: HandleConnection;
}

/** The record of the next write: nearly all are done when their call returns, and leave it as it was. */
let unusedWrite: OwnedRequest | undefined;

/**
 * A connection on libuv's stream, with no `net.Socket` in between: that would keep two queues, a record and several
 * callbacks for every message, and three objects of its own for as long as the connection lives.
 */
export class HandleConnection implements Connection, Gatherer {
  readonly remoteAddress: SocketAddress;
  readonly takenBy = 'system';
  readonly #handle: OwnedHandle;
  readonly #wrap: StreamWrap;
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
    this.#wrap = streamWrap()!;
    this.remoteAddress = remoteAddress;
    this.#localAddress = localAddress;
  }

  get localAddress(): SocketAddress {
    if (this.#localAddress === undefined) {
      const out: { address?: string; port?: number } = {};
      this.#handle.getsockname?.(out);
      this.#localAddress = inetAddress(out.address ?? '', out.port ?? 0);
    }
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
    const wrap = this.#wrap;
    const request: OwnedRequest = unusedWrite ?? new wrap.WriteWrap();
    unusedWrite = undefined;
    const status = this.#handle.writeBuffer(request, bytes);
    if (status !== 0) {
      this.#fail(status, 'write');
      return false; // whoever waits learns of it when the connection is closed
    }
    if (wrap.streamBaseState[wrap.kLastWriteWasAsync] === 0) {
      unusedWrite = request;
      return true;
    }
    request.owner = this;
    request.buffer = bytes;
    request.oncomplete = written;
    this.#writes += 1;
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
    const request = new this.#wrap.ShutdownWrap();
    request.oncomplete = () => this.#writeEnded();
    // Done at once, or there is nobody any more, of which reading tells. [Node: Socket.prototype._final]
    if (this.#handle.shutdown(request) !== 0) this.#writeEnded();
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
    this.#failure = systemError(errno, syscall);
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

function written(this: OwnedRequest, status: number): void {
  this.owner?.onWritten(status);
}

/** A handle that has read into our memory never reads otherwise again. [Node: useUserBuffer] */
function readingSocket(handle: StreamHandle): Socket {
  const onread = createReadBuffer((bytes) => socket.push(bytes));
  const socket = socketWithOnRead(handle, onread);
  return socket;
}

/** As Node makes them. */
function systemError(errno: number, syscall: string): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${syscall} ${code}`), { errno, code, syscall });
}
