/** What a connection does at a moment, for those who look now and then. */
export interface Pace {
  /** Bytes that the peer sent and we received. */
  readonly bytesRead: number;
  /** Bytes that the handler has sent. */
  readonly bytesWritten: number;
  /** Bytes, in whatever form, that are on their way out no more, and who took them: as a connection of an engine says. */
  readonly bytesTaken: number;
  readonly takenBy: 'peer' | 'system';
  /**
   * What the handler waits for, of its peer: any bytes, a message of which nothing has come yet, the rest of one, or that
   * the peer ends.
   */
  readonly awaits: 'nothing' | 'bytes' | 'message' | 'rest' | 'end';
  /** Whether a send waits until the peer has taken it. */
  readonly isSending: boolean;
}

/** A request that a {@link DeadlineSweep} watches. */
export interface TimedRequest {
  /** Where a {@link DeadlineSweep} has it; -1 at first, and for nobody else to touch. */
  watchPlace: number;
  /** What its connection does; `undefined` while that is untouched, and for requests that have none of their own. */
  readonly pace: Pace | undefined;
  /** Whether it needs no more watching: its connection was closed or given away. */
  readonly isOver: boolean;

  /** Tells the handler to come to an end. */
  interrupt(reason: Error): void;

  /** Ends it at once: what the handler still asks of it fails with `reason`. */
  reset(reason: Error): void;
}
