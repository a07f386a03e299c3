import { Socket } from 'node:net';
import { giveFrameMemoryBack, shareFrameMemory, takeFrameMemory } from '../protocol/frame-memory.ts';

/** Bytes that one read takes from the kernel: what a pipe holds. [pipe(7)] */
const readBytes = 65_536;

/** Deliveries up to this are copied out of memory that all pipes share; longer ones that follow one another are given away as they are. */
const copiedBytes = 16_384;

/**
 * One buffer for all pipes of this thread, which is never given away: reading and copying out of it are one step, so none
 * overlap.
 */
const shared = Buffer.allocUnsafeSlow(readBytes);

/** What a command writes to one of its streams, to be pulled. At most one read is held that nobody asked for. */
export class OutputPipe {
  readonly #socket: Socket;
  #held: Buffer | undefined;
  /** What is read into: after a long delivery memory of this pipe's own, since another one is likely. */
  #memory: Buffer = shared;
  #hasEnded = false;
  #waiting: ((bytes: Buffer | undefined) => void) | undefined;
  #max = 0;
  #ended: () => void = () => {};
  /** Bytes that came so far. */
  bytesRead = 0;

  /** Settles at the end of the stream, at {@link stop} too. */
  readonly whenEnded: Promise<void>;

  /** @param fd - the end of a pipe that does not block; belongs to this object from now on. */
  constructor(fd: number) {
    this.whenEnded = new Promise((resolve) => (this.#ended = resolve));
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: false,
      onread: { buffer: () => this.#memory, callback: (length, memory) => this.#received(memory, length) },
    });
    this.#socket.pause();
    this.#socket.on('end', () => this.#end()).on('close', () => this.#end());
    // A pipe has no errors that its end does not tell.
    this.#socket.on('error', () => this.#end());
  }

  /** Whether a reader waits for bytes that are not there. */
  get isAwaited(): boolean {
    return this.#waiting !== undefined;
  }

  get hasEnded(): boolean {
    return this.#hasEnded && this.#held === undefined;
  }

  /** Takes 1 to `max` bytes as soon as there are any; `undefined` at the end. One at a time. */
  read(max: number): Promise<Buffer | undefined> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new TypeError('Cannot read: an earlier read of this stream must have ended'));
    }
    if (this.#held !== undefined) return Promise.resolve(this.#take(max));
    if (this.#hasEnded) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    this.#waiting = resolve;
    this.#max = max;
    this.#socket.resume();
    return promise;
  }

  /** Ends the stream here: readers see its end, and the writer gets SIGPIPE. */
  stop(): void {
    this.#held = undefined;
    this.#socket.destroy();
    this.#end();
  }

  /** @param memory - what Node has read into: it asks for the next one only after this. */
  #received(memory: Uint8Array, length: number): boolean {
    this.bytesRead += length;
    const isLong = length > copiedBytes;
    const view = Buffer.from(memory.buffer, memory.byteOffset, length);
    this.#held = isLong && memory !== shared ? view : Buffer.from(view);
    if (isLong) {
      this.#memory = takeFrameMemory();
    } else if (memory !== shared) {
      giveFrameMemoryBack(view);
      this.#memory = shared;
    }
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve?.(this.#take(this.#max));
    return false;
  }

  #take(max: number): Buffer {
    const bytes = this.#held!;
    this.#held = bytes.length > max ? bytes.subarray(max) : undefined;
    if (this.#held !== undefined) shareFrameMemory(bytes);
    if (this.#held === undefined && this.#hasEnded) this.#ended();
    return bytes.subarray(0, max);
  }

  #end(): void {
    this.#hasEnded = true;
    if (this.#held !== undefined) return;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
    this.#ended();
  }
}
