import type { SocketAddress } from '../address/socket-address.ts';
import type { Clock, Timer } from '../engine/clock.ts';
import type { Connection, Listener } from '../engine/contract/connection.ts';
import { TokenBucket } from './token-bucket.ts';

/** Clients that are turned away before the event loop gets its turn. */
const batch = 64;

/** How soon it is tried again where the system could not give a client that is to be turned away. */
const retryMs = 1_000;

/** How many may come in, whoever they are. */
export interface CrowdLimits {
  readonly maxConnections: number;
  readonly acceptRate: number;
  readonly onLimit: 'wait' | 'refuse';
}

/** What a {@link LimitedListener} goes by. */
export interface LimitedListenerParts {
  readonly limits: CrowdLimits;
  readonly clock: Clock;
  /** Connections that are open, or on their way to a handler. */
  readonly open: () => number;
  /** As many connections are open as may be. */
  readonly full: () => void;
  /** Learns of a client that was turned away. */
  readonly refused: (connection: Connection, limit: 'maxConnections' | 'acceptRate') => void;
  /** The system could not give a client that was to be turned away. */
  readonly failed: (error: Error, retryMs: number) => void;
}

/**
 * A listener that gives no more clients than there is room for, and no faster than it should. Further ones are left to
 * the listener under it, which is the kernel's queue; or, if limits refuse, are turned away at once, also while nobody
 * asks for clients but the server serves.
 */
export class LimitedListener implements Listener {
  readonly #under: Listener;
  readonly #parts: LimitedListenerParts;
  #bucket: TokenBucket | undefined;
  #wake: (() => void) | undefined;
  #timer: Timer | undefined;
  #isTaking = false;
  #isFull = false;

  constructor(under: Listener, parts: LimitedListenerParts) {
    this.#under = under;
    this.#parts = parts;
    this.#setRate();
  }

  get address(): SocketAddress {
    return this.#under.address;
  }

  get fd(): number {
    return this.#under.fd;
  }

  get isReady(): boolean {
    return this.#under.isReady && this.#limit() === undefined;
  }

  /** Whether a further connection may be open. */
  get hasRoom(): boolean {
    const { maxConnections } = this.#parts.limits;
    return maxConnections === Infinity || this.#parts.open() < maxConnections;
  }

  listen(backlog: number): void {
    this.#under.listen(backlog);
  }

  accept(): Connection | undefined {
    if (this.#limit() !== undefined) return undefined;
    const connection = this.#under.accept();
    if (connection !== undefined) this.#bucket?.take(this.#parts.clock.now());
    return connection;
  }

  notify(wake: (() => void) | undefined): void {
    this.#wake = wake;
    this.#arm();
  }

  /** Whether the server takes clients at all: only then is anybody turned away. */
  takes(isTaking: boolean): void {
    this.#isTaking = isTaking;
    this.roomChanged();
  }

  /** There is more or less room than before. */
  roomChanged(): void {
    if (this.#parts.limits.maxConnections !== Infinity || this.#bucket !== undefined) this.#arm();
  }

  /** A limit was set. */
  limitsChanged(): void {
    this.#setRate();
    this.#arm();
  }

  /** A client that came does not count for the rate. */
  uncount(): void {
    this.#bucket?.giveBack();
  }

  close(): Promise<void> {
    this.#parts.clock.clearTimeout(this.#timer);
    this.#wake = undefined;
    return this.#under.close();
  }

  /** The limit that keeps the next client out. */
  #limit(): 'maxConnections' | 'acceptRate' | undefined {
    if (!this.hasRoom) return 'maxConnections';
    return this.#bucket?.has(this.#parts.clock.now()) === false ? 'acceptRate' : undefined;
  }

  #arm(): void {
    const { limits, clock } = this.#parts;
    clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const limit = this.#limit();
    this.#noteFull(limit === 'maxConnections');
    const isAsked = this.#wake !== undefined;
    if (limit === undefined) {
      this.#under.notify(isAsked ? this.#woken : undefined);
    } else if (limits.onLimit === 'refuse' && (isAsked || this.#isTaking)) {
      this.#under.notify(this.#turnAway);
    } else {
      this.#under.notify(undefined);
      if (limit === 'acceptRate' && isAsked) this.#armIn(this.#bucket!.msUntilNext(clock.now()));
    }
  }

  #noteFull(isFull: boolean): void {
    if (isFull && !this.#isFull) this.#parts.full();
    this.#isFull = isFull;
  }

  #armIn(ms: number): void {
    this.#timer = this.#parts.clock.setTimeout(() => this.#arm(), ms);
  }

  #setRate(): void {
    const { limits, clock } = this.#parts;
    const now = clock.now();
    if (limits.acceptRate === Infinity) this.#bucket = undefined;
    else if (this.#bucket === undefined) this.#bucket = new TokenBucket(limits.acceptRate, now);
    else this.#bucket.change(limits.acceptRate, now);
  }

  readonly #woken = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  readonly #turnAway = (): void => {
    try {
      for (let count = 0; count < batch && this.#under.isReady; count += 1) {
        const limit = this.#limit();
        const connection = limit && this.#under.accept();
        if (connection === undefined) break;
        connection.reset();
        this.#parts.refused(connection, limit!);
      }
    } catch (error) {
      this.#armIn(retryMs);
      this.#parts.failed(error as Error, retryMs);
      return;
    }
    this.#arm();
  };
}
