import { Socket } from 'node:net';

/** Bytes that one read takes from the kernel: what a pipe holds. [pipe(7)] */
const readBytes = 65_536;

/** Deliveries up to this are copied, and their buffer serves again; longer ones are handed over as they are. */
const copiedBytes = 16_384;

/** One buffer for all pipes of this thread: reading and delivering are one step, so none overlap. */
let shared = Buffer.allocUnsafeSlow(readBytes);

/** What a command writes to one of its streams, to be pulled. At most one read is held that nobody asked for. */
export class OutputPipe {
  readonly #socket: Socket;
  #held: Buffer | undefined;
  #hasEnded = false;
  #waiting: ((bytes: Uint8Array | undefined) => void) | undefined;
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
      onread: { buffer: () => shared, callback: (length: number) => this.#received(length) },
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
  read(max: number): Promise<Uint8Array | undefined> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new TypeError('Cannot read: an earlier read of this stream must have ended'));
    }
    if (this.#held !== undefined) return Promise.resolve(this.#take(max));
    if (this.#hasEnded) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
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

  #received(length: number): boolean {
    this.bytesRead += length;
    let bytes: Buffer;
    if (length <= copiedBytes) {
      bytes = Buffer.from(shared.subarray(0, length));
    } else {
      bytes = shared.subarray(0, length);
      shared = Buffer.allocUnsafeSlow(readBytes);
    }
    this.#held = bytes;
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve?.(this.#take(this.#max));
    return false;
  }

  #take(max: number): Buffer {
    const bytes = this.#held!;
    this.#held = bytes.length > max ? bytes.subarray(max) : undefined;
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
