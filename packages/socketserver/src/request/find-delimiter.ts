import { MessageTooLongError } from '../errors/connection-errors.ts';
import type { SocketSink } from './socket-sink.ts';

/** What to look for, among how many bytes, and who asks. */
export interface DelimiterSearch {
  readonly delimiter: Buffer;
  /** Bytes that a message may have, its delimiter included. */
  readonly max: number;
  readonly operation: string;
}

/**
 * Waits for a delimiter; takes nothing.
 *
 * @returns the offset after it, or `undefined` when the stream ends before one.
 * @throws {@link MessageTooLongError} when it is not among the first `max` bytes.
 */
export async function findDelimiter(
  sink: SocketSink,
  { delimiter, max, operation }: DelimiterSearch,
): Promise<number | undefined> {
  let searched = 0;
  for (;;) {
    const found = sink.queue.indexOf(delimiter, searched);
    const end = found + delimiter.length;
    if (found !== -1 && end <= max) return end;
    if (found !== -1 || sink.queue.length >= max) throw new MessageTooLongError(operation, max);
    const { length } = sink.queue;
    searched = Math.max(0, length - delimiter.length + 1);
    await sink.fill(length + 1, operation);
    if (sink.queue.length === length) return undefined;
  }
}
