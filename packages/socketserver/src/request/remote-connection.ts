/** A connection that is not in its socket's hands for a while, or for good: what can still be done and known about it. */
export interface RemoteConnection {
  /** Tells whoever serves it to come to an end. */
  interrupt(reason: Error): void;
  /** Ends it at once. */
  reset(reason: Error | undefined): void;
  /** What went over it; in a worker known once it is closed. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Whether `error` tells of its end. */
  isItsEnd?(error: Error): boolean;
}
