import { SocketServerError } from './socket-server-error.ts';

/** What is wrong with a frame: longer than allowed, not well-formed, or cut off by the end of the stream. */
export type FrameFault = 'too-long' | 'malformed' | 'incomplete';

/** Where a {@link FrameError} stands. */
export interface FrameErrorOptions extends ErrorOptions {
  /** The byte of the fault; a codec counts from the beginning of the frame. Default 0. */
  readonly offset?: number;
  /** Bytes that were allowed, where that is the fault. */
  readonly limit?: number | undefined;
}

/**
 * What a peer sends is no frame of the codec. Nothing of it was taken: its bytes stay readable, and another read of
 * frames finds the same error. `code` is `BAD_FRAME`.
 */
export class FrameError extends SocketServerError {
  readonly fault: FrameFault;
  /** The fault in words, without its place. */
  readonly reason: string;
  /** The byte of the stream, counted from 0, at which the fault shows: mostly where the frame begins. */
  readonly offset: number;
  /** Bytes that a message, or its frame, may have; where the fault is `'too-long'`. */
  readonly limit: number | undefined;

  constructor(fault: FrameFault, reason: string, { offset = 0, limit, ...options }: FrameErrorOptions = {}) {
    super('BAD_FRAME', `Bad frame at byte ${offset}: ${reason}`, options);
    this.fault = fault;
    this.reason = reason;
    this.offset = offset;
    this.limit = limit;
  }

  static {
    this.prototype.name = 'FrameError';
  }
}
