import { SocketServerError } from '../errors/socket-server-error.ts';

/** How long a wait of a test may take. */
export interface WaitOptions {
  /** Milliseconds of real time; then the wait fails and says what it waited for. Default 10,000. */
  readonly waitMs?: number | undefined;
  /** Gives up earlier: the wait rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A test waited for something that did not come; the message says for what. `code` is `WAIT_TIMEOUT`. */
export class WaitTimeoutError extends SocketServerError {
  /** Milliseconds that it waited. */
  readonly ms: number;

  constructor(what: string, ms: number) {
    super('WAIT_TIMEOUT', `Waited ${ms} ms for ${what}`);
    this.ms = ms;
  }

  static {
    this.prototype.name = 'WaitTimeoutError';
  }
}

const late = Symbol('late');

/**
 * Waits for `work`, for a bounded time.
 *
 * @param what - says what is waited for and what has come so far; asked when it did not come.
 * @throws what `work` rejects with; {@link WaitTimeoutError} (`WAIT_TIMEOUT`); the reason of `options.signal`.
 */
export async function within<Result>(
  work: Promise<Result>,
  what: () => string,
  { waitMs = 10_000, signal }: WaitOptions = {},
): Promise<Result> {
  const { promise: gaveUp, resolve, reject } = Promise.withResolvers<typeof late>();
  // This timer keeps the process alive: a test that hangs is to fail with its reason, not to end without one.
  const timer = waitMs === Infinity ? undefined : setTimeout(() => resolve(late), waitMs);
  const aborted = (): void => reject(signal?.reason as Error);
  signal?.addEventListener('abort', aborted);
  if (signal?.aborted === true) aborted();
  try {
    const result = await Promise.race([work, gaveUp]);
    if (result !== late) return result;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
  throw new WaitTimeoutError(what(), waitMs); // here, so that its stack leads to the line that waited
}
