import { ProtocolError } from '../errors.ts';
import type { StreamName } from '../protocol/stream-id.ts';
import type { Link } from './link.ts';

/** Bytes that a stream may bring before the first of them is consumed, to begin with. */
export const firstWindowBytes = 262_144;

/** What a window may grow to, where the link is long and fast. */
const lastWindowBytes = 4 * 1_048_576;

/**
 * A stream that comes from the peer. What has arrived waits here, at most a window of it, and the peer may send more only as
 * it is consumed.
 *
 * The window doubles when most of one was consumed within a round trip: then the window, and not the link or the
 * consumer, is what holds the peer up.
 */
export class IncomingStream {
  readonly #link: Link;
  readonly #channel: number;
  readonly #stream: StreamName;
  #window: number;
  /** What the peer may still send. */
  #credit: number;
  /** Consumed, and not given back yet. */
  #owed = 0;
  #queue: Buffer[] = [];
  #state: 'open' | 'ended' | 'stopped' = 'open';
  #failure: Error | undefined;
  #waiting: PromiseWithResolvers<Buffer | undefined> | undefined;
  /** Bytes that were consumed since a round trip began that is being measured. */
  #sample: number | undefined;
  #untilSample = 0;
  /** Bytes that arrived. */
  bytesReceived = 0;

  constructor(link: Link, channel: number, stream: StreamName) {
    this.#link = link;
    this.#channel = channel;
    this.#stream = stream;
    this.#window = link.credit.takeFirst(firstWindowBytes);
    this.#credit = this.#window;
  }

  /** What the peer may send before it is given more. */
  get credit(): number {
    return this.#credit;
  }

  /** Whether bytes are there that nobody has read, or the end. */
  get isReady(): boolean {
    return this.#queue.length > 0 || this.#state !== 'open' || this.#failure !== undefined;
  }

  /**
   * Takes the next bytes as they came, as soon as there are any; they are the caller's.
   *
   * @returns `undefined` at the end of the stream, and after {@link stop}.
   * @throws what ended the connection, once everything before was taken.
   */
  async read(): Promise<Buffer | undefined> {
    if (this.#waiting !== undefined) {
      throw new TypeError(`Cannot read ${this.#stream}: an earlier read of it must have ended`);
    }
    const bytes = this.#queue.shift();
    if (bytes !== undefined) return this.#consumed(bytes);
    if (this.#state !== 'open') return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** Takes the next bytes as they came, if any are there that nobody waits for; they are the caller's. */
  takeNow(): Buffer | undefined {
    const bytes = this.#queue.shift();
    return bytes === undefined ? undefined : this.#consumed(bytes);
  }

  /** Whether all of it was taken, and nothing more will come. */
  get isOver(): boolean {
    return this.#queue.length === 0 && (this.#state !== 'open' || this.#failure !== undefined);
  }

  /** Takes bytes of the peer. @throws ProtocolError for more than it may send. */
  received(bytes: Buffer): void {
    if (this.#state === 'stopped') return; // on their way before the peer knew
    if (this.#state === 'ended') throw new ProtocolError(`${this.#stream} went on after its end`);
    if (bytes.length > this.#credit) {
      throw new ProtocolError(
        `${bytes.length} bytes of ${this.#stream} came where ${this.#credit} were allowed`,
      );
    }
    if (bytes.length === 0) return;
    this.#credit -= bytes.length;
    this.bytesReceived += bytes.length;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#queue.push(bytes);
    } else {
      this.#waiting = undefined;
      waiting.resolve(this.#consumed(bytes));
    }
  }

  /** The peer has sent all of it. */
  ended(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#free();
    this.#settle();
  }

  /** Throws away what is there and what still comes, and tells the peer to send no more. */
  stop(): void {
    if (this.#state === 'stopped') return;
    if (this.#state === 'open' && this.#failure === undefined) {
      this.#link.send({ type: 'stop', channel: this.#channel, stream: this.#stream });
    }
    if (this.#state === 'open') this.#free();
    this.#state = 'stopped';
    this.#queue = [];
    this.#settle();
  }

  /** The connection is gone. */
  fail(error: Error): void {
    if (this.#state !== 'open' || this.#failure !== undefined) return;
    this.#failure = error;
    this.#free();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #settle(): void {
    this.#waiting?.resolve(undefined);
    this.#waiting = undefined;
  }

  #free(): void {
    this.#link.credit.give(this.#window);
    this.#window = 0;
  }

  /** Gives the peer as much credit as was consumed, half a window at a time. */
  #consumed(bytes: Buffer): Buffer {
    if (this.#state !== 'open') return bytes;
    this.#measure(bytes.length);
    this.#owed += bytes.length;
    if (this.#owed * 2 >= this.#window) this.#giveCredit();
    return bytes;
  }

  #giveCredit(): void {
    const bytes = this.#owed;
    if (bytes === 0) return;
    this.#owed = 0;
    this.#credit += bytes;
    this.#link.send({ type: 'credit', channel: this.#channel, stream: this.#stream, bytes });
  }

  /** Measures now and then how much is consumed within a round trip. */
  #measure(bytes: number): void {
    if (this.#sample !== undefined) {
      this.#sample += bytes;
      return;
    }
    this.#untilSample -= bytes;
    if (this.#untilSample > 0 || this.#window >= lastWindowBytes) return;
    this.#sample = bytes;
    void this.#link.roundTrip().then(() => this.#measured());
  }

  #measured(): void {
    const bytes = this.#sample!;
    this.#sample = undefined;
    this.#untilSample = this.#window;
    const isHeldUp = bytes * 3 >= this.#window * 2;
    if (this.#state !== 'open' || !isHeldUp || !this.#link.credit.takeMore(this.#window)) return;
    this.#owed += this.#window;
    this.#window *= 2;
    this.#giveCredit();
  }
}
