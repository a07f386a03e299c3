import type { Connection } from '../engine/contract/connection.ts';
import { ByteQueue } from './byte-queue.ts';
import { EndWatch } from './end-watch.ts';

const done = Promise.resolve();

/** Bytes that are read ahead to find out whether the peer is still there. */
const watchBytes = 65_536;

/**
 * What has come over one connection and was not taken, and whether more can come: the lowest part of a `SocketSink`. Who
 * waits for more is above it, in `ReadingSink`.
 */
export abstract class ReceivedBytes {
  /** Another one after `SocketSink.enter()`. */
  connection: Connection;
  /** Why the connection failed, if it did. */
  failure: Error | undefined;
  /** What the peer sent and we received, so far. */
  bytesRead = 0;
  /** Who gets bytes that arrive: readers; or nobody, since the reading side or the socket was shut; or somebody else. */
  protected stage: 'open' | 'deaf' | 'lingering' | 'left' = 'open';
  /** The peer sends no more: it shut its writing side down, or the connection is over. */
  protected peerEnded = false;
  protected watch: EndWatch | undefined;
  /** Readers get what came, and are told of the end where a message would begin. */
  protected readsEnd = false;
  /** Only once bytes came that nobody waited for: most connections never have any. */
  #queue: ByteQueue | undefined;

  protected constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Bytes that came and were not taken. */
  get queue(): ByteQueue {
    this.#queue ??= new ByteQueue();
    return this.#queue;
  }

  /** Readers get no more than `queue` holds: the peer sends no more, nobody listens to it, or reads end between messages. */
  get hasEnded(): boolean {
    return this.isSilent || (this.readsEnd && this.unread === 0);
  }

  /** Takes exactly `count` bytes, which `ReadingSink.fill()` has brought. */
  take(count: number): Buffer {
    const bytes = this.queue.take(count);
    if (this.watch !== undefined) this.readAhead();
    return bytes;
  }

  /** Takes `count` bytes, if so many are there and that is not none. */
  takeIfThere(count: number): Buffer | undefined {
    return count > 0 && this.unread >= count ? this.take(count) : undefined;
  }

  /** Takes 1 to `max` bytes, if any are there. */
  takeChunkIfThere(max: number): Buffer | undefined {
    if (this.unread === 0) return undefined;
    const bytes = this.queue.takeChunk(max);
    if (this.watch !== undefined) this.readAhead();
    return bytes;
  }

  /** Takes a line of at most `max` bytes, with its newline, if it is there in one piece. */
  takeLineIfThere(max: number): Buffer | undefined {
    if (this.unread === 0) return undefined;
    const size = this.queue.first.indexOf(0x0a) + 1;
    return size > 0 && size <= max ? this.take(size) : undefined;
  }

  /** Drops `count` bytes that are in {@link queue}, whose reader has looked at them there. */
  skip(count: number): void {
    this.queue.skip(count);
    if (this.watch !== undefined) this.readAhead();
  }

  /** Resolves once {@link hasEnded}; bytes that arrive meanwhile are kept for readers. @throws the signal's reason. */
  waitForEnd(signal: AbortSignal | undefined): Promise<void> {
    if (this.isSilent) return done;
    this.watch ??= new EndWatch();
    const ended = this.watch.wait(signal);
    this.readAhead();
    return ended;
  }

  protected get unread(): number {
    return this.#queue === undefined ? 0 : this.#queue.length;
  }

  /** Nothing more will come that anybody could read. */
  protected get isSilent(): boolean {
    return this.peerEnded || this.stage === 'deaf';
  }

  protected clearQueue(): void {
    this.#queue?.clear();
  }

  /** Keeps bytes that nobody waits for. @returns whether to read on, ahead of all readers. */
  protected keep(bytes: Buffer): boolean {
    this.queue.push(bytes);
    return this.watch?.isAskedFor === true && this.queue.length < watchBytes;
  }

  /** Reads, up to a bound, to notice a peer that ends or goes while nobody reads. */
  protected readAhead(): void {
    if (this.watch?.isAskedFor !== true || this.stage === 'left') return;
    if (this.unread < watchBytes && !this.isSilent) this.connection.resume();
  }
}
