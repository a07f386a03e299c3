import { ProtocolError } from '../errors.ts';
import { maxPayloadBytes } from '../protocol/frame.ts';
import { takeFrameMemory } from '../protocol/frame-memory.ts';
import { leaveLitter } from './litter.ts';
import type { StreamName } from '../protocol/stream-id.ts';
import type { Link } from './link.ts';

/** What a peer's credit may add up to; more would be a mistake of its, or an attack. */
const maxCreditBytes = 64 * 1_048_576;

/** Pieces from this size on are copied behind room for their header; copies of smaller ones are joined with it on their way. */
const framedBytes = 4_096;

/** A stream that goes to the peer, as fast as it gives credit. */
export class OutgoingStream {
  readonly #link: Link;
  readonly #channel: number;
  readonly #stream: StreamName;
  #credit: number;
  #state: 'open' | 'ended' | 'stopped' = 'open';
  #waiting: PromiseWithResolvers<void> | undefined;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(link: Link, channel: number, stream: StreamName, credit: number) {
    this.#link = link;
    this.#channel = channel;
    this.#stream = stream;
    this.#credit = Math.min(credit, maxCreditBytes);
  }

  /** Resolves when the peer wants no more of it, or is gone. */
  get whenStopped(): Promise<void> {
    return this.#stopped.promise;
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Bytes that may be sent now, at most what one frame holds; waits until there are any. 0 once the peer wants no more. */
  async room(): Promise<number> {
    while (this.#state === 'open' && this.#credit === 0) {
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
    return this.#state === 'open' ? Math.min(this.#credit, maxPayloadBytes) : 0;
  }

  /**
   * Sends bytes for which there is {@link room}, and gives their memory back where it came from `takeFrameMemory()`. Resolves
   * when more may be brought.
   */
  send(bytes: Uint8Array): Promise<void> {
    if (this.#state !== 'open') return Promise.resolve();
    this.#credit -= bytes.length;
    return this.#link.sendData({
      type: 'data',
      channel: this.#channel,
      stream: this.#stream,
      bytes: asBuffer(bytes),
    });
  }

  /**
   * Sends any number of bytes, as there is room; their memory is the caller's again then. Resolves with whether the peer still
   * wanted them.
   */
  async write(bytes: Uint8Array): Promise<boolean> {
    for (let sent = 0; sent < bytes.length;) {
      const room = await this.room();
      if (room === 0) return false;
      const piece = bytes.subarray(sent, sent + room);
      await this.send(piece.length < framedBytes ? Buffer.from(piece) : framed(piece));
      sent += piece.length;
    }
    return this.#state !== 'stopped';
  }

  /** Says that this was all. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#wake();
    void this.#link.sendData({ type: 'eof', channel: this.#channel, stream: this.#stream });
  }

  /** The peer allows more. @throws ProtocolError for more than makes sense. */
  allow(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > maxCreditBytes)
      throw new ProtocolError(`the peer gave ${this.#credit} bytes of credit`);
    this.#wake();
  }

  /** The peer wants no more, or is gone. */
  stop(): void {
    if (this.#state !== 'stopped') this.#state = 'stopped';
    this.#wake();
    this.#stopped.resolve();
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}

/** A copy with room for its header, which costs less than a write of two pieces. */
function framed(piece: Uint8Array): Buffer {
  const payload = takeFrameMemory().subarray(0, piece.length);
  payload.set(piece);
  leaveLitter();
  return payload;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
