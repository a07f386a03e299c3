import { clockOf } from '../engine/clock.ts';
import type { Connection } from '../engine/contract/connection.ts';
import { Deadline } from './deadline.ts';

/** How long a closed connection may take to send what it was given. */
export const flushMs = 60_000;

/** What is left of listening to the peer once the server drains. */
const drainLingerMs = 100;

/** How long, and for how many bytes, a closed connection goes on reading what its peer still sends. */
export interface LingerLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * - `sending`: our last bytes go out, and what the peer sends is thrown away, however much: one that is closed could not
 *   get its answer any more;
 * - `listening`: they are out, or copied by the engine, and the end of our side with them;
 * - `flushing`: what comes is nobody's, and what the engine still has goes out;
 * - `over`: the descriptor is free, or the engine frees it at once.
 */
type Stage = 'sending' | 'listening' | 'flushing' | 'over';

/** All our bytes are out; the peer ended; it sent more than it may since then; the time of the stage is over. */
type News = 'sent' | 'ended' | 'enough' | 'expired';

const stages: Readonly<Record<Stage, Readonly<Partial<Record<News, Stage>>>>> = {
  sending: { sent: 'listening', ended: 'flushing', expired: 'over' },
  listening: { ended: 'flushing', enough: 'flushing', expired: 'flushing' },
  flushing: { expired: 'over' },
  over: {},
};

/**
 * The end of a connection whose socket is closed.
 *
 * While the peer has not ended, bytes of it may arrive that nobody reads any more: closing would answer them with a
 * reset, and the peer could lose our last words with it. So our side is ended first, and what comes is read and thrown
 * away until the peer ends too, or at one of the limits. What we sent gets a bounded time to go out, whoever has it: its
 * peer may never read. [RFC 1122 4.2.2.13, RFC 2525 2.17]
 */
export class Linger {
  readonly #connection: Connection;
  #deadline: Deadline | undefined;
  #stage: Stage | undefined;
  #bytesLeft: number;
  #ms: number;

  constructor(connection: Connection, { bytes, ms }: LingerLimits) {
    this.#connection = connection;
    this.#bytesLeft = bytes;
    this.#ms = ms;
  }

  /** @param now - whether our bytes are still going out, and whether the peer will send no more. */
  begin({ isSending, hasEnded }: { readonly isSending: boolean; readonly hasEnded: boolean }): void {
    if (!hasEnded) this.#connection.endWrite();
    if (hasEnded) this.#enter('flushing');
    else this.#enter(isSending ? 'sending' : 'listening');
  }

  /** Everything that was sent before the end is out. */
  sent(): void {
    this.#told('sent');
  }

  /** The peer ended its side. */
  ended(): void {
    this.#told('ended');
  }

  /** Bytes came that nobody reads. */
  dropped(count: number): void {
    if (this.#stage !== 'listening') return;
    this.#bytesLeft -= count;
    if (this.#bytesLeft < 0) this.#told('enough');
  }

  /** The server drains. */
  hurry(): void {
    this.#ms = Math.min(this.#ms, drainLingerMs);
    if (this.#stage === 'listening') this.#arm(this.#ms);
  }

  /** The descriptor is free. */
  over(): void {
    this.#stage = 'over';
    this.#deadline?.close();
  }

  #told(news: News): void {
    const next = this.#stage && stages[this.#stage][news];
    if (next !== undefined) this.#enter(next);
  }

  #enter(stage: Stage): void {
    const before = this.#stage;
    this.#stage = stage;
    // The time runs from when our own bytes are out: a slow reader gets them all.
    if (stage === 'listening') this.#arm(this.#ms);
    if (stage === 'sending') this.#arm(flushMs);
    if (stage === 'flushing') {
      const isDone = this.#connection.close();
      // Most have nothing left to send, and need no timer.
      if (!isDone && before !== 'sending' && this.#stage === 'flushing') this.#arm(flushMs);
    }
    if (stage === 'over') this.#connection.reset();
  }

  #arm(ms: number): void {
    this.#deadline ??= new Deadline(clockOf(this.#connection));
    this.#deadline.arm(ms, this.#expired);
  }

  readonly #expired = (): void => this.#told('expired');
}
