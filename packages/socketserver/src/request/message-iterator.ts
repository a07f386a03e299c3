/**
 * Iterates over what comes, and waits only for what is not there: an async generator would cost several promises even
 * for a value that is.
 *
 * @param now - takes the next value if it is there; `undefined` if not.
 * @param later - waits for it, or for the end.
 * @returns what `for await` takes. Leaving the loop ends nothing: another one goes on where it stopped.
 */
export function iterate<Value>(
  now: () => Value | undefined,
  later: () => Promise<IteratorResult<Value, undefined>>,
): AsyncIterableIterator<Value, undefined> {
  const iterator: AsyncIterableIterator<Value, undefined> = {
    next() {
      try {
        const value = now();
        return value === undefined ? later() : Promise.resolve({ value, done: false });
      } catch (error) {
        return Promise.reject(error);
      }
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** The step of an iteration whose end is `undefined`. */
export function messageOrEnd<Message>(message: Message | undefined): IteratorResult<Message, undefined> {
  return message === undefined ? { value: undefined, done: true } : { value: message, done: false };
}

/** The step of an iteration whose end is an empty buffer. */
export function bytesOrEnd(bytes: Buffer): IteratorResult<Buffer, undefined> {
  return bytes.length === 0 ? { value: undefined, done: true } : { value: bytes, done: false };
}
