import { RequestTimeoutError } from '../errors/request-timeout-error.ts';
import type { ResolvedTimeouts } from '../options/timeout-options.ts';
import { RateWindow } from './rate-window.ts';
import type { Pace, TimedRequest } from './timed-request.ts';

/** The deadlines of a server's requests. */
export interface DeadlineFigures {
  readonly timeouts: ResolvedTimeouts;
  /** Bytes that a peer must send, or take, in a second while the handler waits for it; 0 asks for none. */
  readonly minBytesPerSecond: number;
}

/** One look at a request. */
export interface Look extends DeadlineFigures {
  readonly now: number;
  /** The thread was busy since the last one for longer than was meant: who was slow meanwhile is not known. */
  readonly isLate: boolean;
}

/** How much earlier or later than `maxLifetimeMs` a connection may be told, as a share of it. */
const jitter = 0.1;

/** How long the rate of a peer is measured: shorter pauses, as lost packets bring them, say nothing about it. */
export const windowMs = 5_000;

/** The same where only the system's buffer is seen: it may take nothing for long, and then much at once. */
const bufferedWindowMs = 30_000;

/** One request and its deadlines, looked at now and then. */
export class RequestWatch {
  readonly request: TimedRequest;
  readonly #startedAt: number;
  readonly #lifetimeShare = 1 - jitter + 2 * jitter * Math.random();
  #abandoned: PromiseWithResolvers<never> | undefined;
  /** The handler was told that the lifetime is over. */
  #told: { readonly at: number; readonly error: RequestTimeoutError } | undefined;
  /** Since when the handler has waited for a first byte, and for any. */
  #askedAt: number;
  #quietSince: number;
  #moved = 0;
  #taken = 0;
  #incoming: RateWindow | undefined;
  #outgoing: RateWindow | undefined;
  #failure: RequestTimeoutError | undefined;

  constructor(request: TimedRequest, now: number) {
    this.request = request;
    this.#startedAt = now;
    this.#askedAt = now;
    this.#quietSince = now;
  }

  /**
   * Rejects when the handler has not come to an end after its request was ended. Who asks for it waits for the handler, and
   * says when that has ended.
   */
  get abandoned(): Promise<never> {
    this.#abandoned ??= Promise.withResolvers<never>();
    return this.#abandoned.promise;
  }

  /** What ended the request, if that was a deadline. */
  get failure(): RequestTimeoutError | undefined {
    return this.#failure;
  }

  /**
   * Ends the request if one of its deadlines is over; gives its handler up if that was done at the last look.
   *
   * @returns whether to look again.
   */
  look(look: Look): boolean {
    if (this.#failure !== undefined) {
      this.#abandoned?.reject(this.#failure);
      return false;
    }
    if (this.request.isOver && this.#abandoned === undefined) return false;
    this.#failure = this.#overtime(look) ?? this.#peerFault(look);
    if (this.#failure !== undefined) this.request.reset(this.#failure);
    return true;
  }

  #overtime({ now, timeouts }: Look): RequestTimeoutError | undefined {
    const { requestMs, maxLifetimeMs, drainMs } = timeouts;
    const ageMs = now - this.#startedAt;
    if (ageMs >= requestMs) return new RequestTimeoutError('request', requestMs);
    if (this.#told !== undefined) return now - this.#told.at >= drainMs ? this.#told.error : undefined;
    if (ageMs >= maxLifetimeMs * this.#lifetimeShare) {
      this.#told = { at: now, error: new RequestTimeoutError('lifetime', maxLifetimeMs) };
      this.request.interrupt(this.#told.error);
    }
    return undefined;
  }

  /** What a handler does that does not wait for its peer is none of the peer's: then the time stands. */
  #peerFault(look: Look): RequestTimeoutError | undefined {
    const { pace } = this.request;
    if (pace === undefined) {
      this.#askedAt = look.now;
      this.#quietSince = look.now;
      return undefined;
    }
    const { firstByteMs, idleMs } = look.timeouts;
    if (this.#firstByteWaitMs(pace, look.now) >= firstByteMs)
      return new RequestTimeoutError('first-byte', firstByteMs);
    if (this.#quietMs(pace, look.now) >= idleMs) return new RequestTimeoutError('idle', idleMs);
    const slowForMs = this.#slowForMs(pace, look);
    return slowForMs === undefined ? undefined : new RequestTimeoutError('rate', slowForMs);
  }

  #firstByteWaitMs({ bytesRead, awaits }: Pace, now: number): number {
    if (bytesRead > 0) return 0;
    if (awaits === 'nothing' || awaits === 'end') this.#askedAt = now;
    return now - this.#askedAt;
  }

  #quietMs(pace: Pace, now: number): number {
    const moved = pace.bytesRead + pace.bytesWritten;
    // Asked only where it says more than what was sent.
    const taken = pace.isSending ? pace.bytesTaken : 0;
    const isWaiting = pace.awaits !== 'nothing' || pace.isSending;
    if (!isWaiting || moved !== this.#moved || taken !== this.#taken) this.#quietSince = now;
    this.#moved = moved;
    this.#taken = taken;
    return now - this.#quietSince;
  }

  /** @returns the length of a window in which too little went over. */
  #slowForMs(pace: Pace, { now, minBytesPerSecond: perSecond, isLate }: Look): number | undefined {
    const { awaits, bytesRead, isSending, takenBy } = pace;
    const isMeasured = perSecond > 0 && !isLate;
    const isReading = isMeasured && (awaits === 'rest' || awaits === 'bytes');
    this.#incoming = isReading ? (this.#incoming ?? new RateWindow(windowMs, now, bytesRead)) : undefined;
    // Without messages a pause may lie between two of them.
    if (this.#incoming?.fails(now, bytesRead, { perSecond, mayPause: awaits === 'bytes' })) return windowMs;
    if (!isMeasured || !isSending) {
      this.#outgoing = undefined;
      return undefined;
    }
    const { bytesTaken } = pace;
    const sendWindowMs = takenBy === 'peer' ? windowMs : bufferedWindowMs;
    this.#outgoing ??= new RateWindow(sendWindowMs, now, bytesTaken);
    return this.#outgoing.fails(now, bytesTaken, { perSecond, mayPause: false }) ? sendWindowMs : undefined;
  }
}
